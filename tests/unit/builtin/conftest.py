"""The arguments of factories, and isolated libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ftspec.protocols import Context
from tests.unit.isolation import isolated_libraries

MakeContext = Callable[..., Context]


@pytest.fixture(scope="package", autouse=True)
def isolation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No network and no cache but a temporary one."""
    with isolated_libraries(tmp_path_factory.mktemp("caches")):
        yield


@pytest.fixture
def notes() -> list[str]:
    """The notes of components."""
    return []


@pytest.fixture
def context(notes: list[str]) -> MakeContext:
    """A context of the section at a path, with more children."""

    def make(*section: str | int, seed: int = 42, **more: Any) -> Context:
        return Context(section=section, seed=seed, note=notes.append, **more)

    return make
