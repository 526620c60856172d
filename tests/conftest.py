"""Fixtures for every test."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import settings

pytest_plugins = ["tests.garbage", "tests.hub.fixtures"]

# the same examples on every machine, however slow, and nothing kept between runs
settings.register_profile("tests", deadline=None, derandomize=True, database=None)
settings.load_profile("tests")

LONGEST = (
    "test_several_processes.py",
    "test_packages.py",
    "test_new_plugin.py",
    "test_bad_input.py",
    "test_canaries.py",
    "test_hostile_input.py",
    "test_specs_run.py",
)
"""Files that take minutes: begun last they would keep one process when the others have nothing left
to do."""


def pytest_configure(config: pytest.Config) -> None:
    """Give the session a home of its own, before a library reads where its caches are.

    Nothing that an earlier run or the user left there changes a test, and no test leaves anything
    there. What the user says of the Hub is for the user's own runs.
    """
    from tests.hub.fixtures import FOREIGN_NAMES, FOREIGN_PREFIXES  # a plugin, imported by pytest

    home = tempfile.TemporaryDirectory(prefix="ftspec-home-", ignore_cleanup_errors=True)
    config.add_cleanup(home.cleanup)
    for name in list(os.environ):
        if name.startswith(FOREIGN_PREFIXES) or name.upper() in FOREIGN_NAMES:
            del os.environ[name]
    os.environ |= {"HOME": home.name, "XDG_CONFIG_HOME": f"{home.name}/.config"}


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
