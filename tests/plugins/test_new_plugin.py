"""Plugins from ``ftspec plugins new`` can be built and installed, and pass their own tests."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from ftspec.scaffolding.project import KINDS
from tests.plugins.environment import Environment, build_wheel

pytestmark = [pytest.mark.slow, pytest.mark.long]

NAMES = {
    "callback": "runaway-loss",
    "metric": "balanced-accuracy",
    "source": "docstrings",
    "tokenizer": "characters",
    "transform": "tidy-text",
}


def test_new_plugins_pass_their_tests(environment: Environment, tmp_path: Path) -> None:
    """In one process, since to import what they test takes longer than to test it: they lint, and
    run under their smoke profile. A new task is that of the guide, which has a test of its own."""
    assert {*NAMES, "task"} == set(KINDS)
    projects, wheels = [], []
    for kind, name in NAMES.items():
        made = environment.ftspec("plugins", "new", name, "--kind", kind, cwd=tmp_path)
        assert made.code == 0, made.said
        projects.append(tmp_path / f"ftspec-{name}")
        wheels.append(build_wheel(projects[-1], tmp_path))
    environment.install(*wheels)
    options = ("-q", "-p", "no:cacheprovider", "--import-mode=importlib")
    tested = environment.run("pytest", *options, *projects, cwd=tmp_path)
    assert tested.code == 0, tested.said
    assert " skipped" not in tested.out, tested.said


def test_new_plugin_needs_no_network_and_few_packages(bare: Environment, tmp_path: Path) -> None:
    bare.ftspec("plugins", "new", "fill-mask", cwd=tmp_path)
    metadata = tomllib.loads((tmp_path / "ftspec-fill-mask" / "pyproject.toml").read_text())
    assert len(metadata["project"]["dependencies"]) == 1
    assert metadata["project"]["dependencies"][0].startswith("ftspec>=")


def test_nothing_is_overwritten(bare: Environment, tmp_path: Path) -> None:
    folder = tmp_path / "ftspec-fill-mask"
    folder.mkdir()
    refused = bare.ftspec("plugins", "new", "fill-mask", cwd=tmp_path)
    assert refused.code == 2, refused.said
    assert "already exists" in refused.err
    assert list(folder.iterdir()) == []
