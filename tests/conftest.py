"""Fixtures for every test."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

pytest_plugins = ["tests.hub.fixtures"]


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No rows that an earlier session prepared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FTSPEC_CACHE", str(tmp_path_factory.mktemp("ftspec_cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _can_be_interrupted() -> None:
    """A shell ignores Ctrl-C for what it starts in the background; what tests start does not."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
