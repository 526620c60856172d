"""Wheels built once, and environments to install them in."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.cli.command import ROOT
from tests.plugins.environment import Environment, build_wheel, make_environment

WheelOf = Callable[[Path], Path]


@pytest.fixture(scope="session")
def wheel_of(tmp_path_factory: pytest.TempPathFactory) -> WheelOf:
    """The wheel of a project, built when first asked for."""
    folder = tmp_path_factory.mktemp("wheels")
    return cache(lambda project: build_wheel(project, folder))


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory, wheel_of: WheelOf) -> Environment:
    """An environment with ftspec's wheel and no plugin, for tests that install nothing."""
    made = make_environment(tmp_path_factory.mktemp("bare") / "venv")
    made.install(wheel_of(ROOT))
    return made


@pytest.fixture
def environment(tmp_path: Path, bare: Environment) -> Environment:
    """A copy of it, for a test to install in."""
    return bare.copy(tmp_path / "venv")
