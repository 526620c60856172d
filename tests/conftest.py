"""Fixtures for every test."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

pytest_plugins = ["tests.garbage", "tests.hub.fixtures"]

LONGEST = ("test_packages.py", "test_several_processes.py", "test_new_plugin.py")
"""Files that take minutes: begun last they would keep one process when the others have nothing left
to do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


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
