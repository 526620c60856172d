"""Fixtures for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest_plugins = ["tests.hub.fixtures"]


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No rows that an earlier session prepared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FTSPEC_CACHE", str(tmp_path_factory.mktemp("ftspec_cache")))
        yield
