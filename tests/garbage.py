"""A pytest plugin: no search for garbage in what the tests import.

That is half a million objects, and none of them garbage. Libraries for training search through all
there are whenever they let go of memory, which was a third of the time of the tests that train.
"""

from __future__ import annotations

import gc
import sys

import pytest

MANY = 50
"""So many modules that a test imported are worth a search."""

_modules = 0


def pytest_sessionstart(session: pytest.Session) -> None:
    """Modules of tests are imported from here on."""
    gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    """From here on there is garbage."""
    _set_aside()
    gc.enable()


def pytest_runtest_logfinish() -> None:
    """Libraries import much of what they are when it is first used."""
    if len(sys.modules) > _modules + MANY:
        _set_aside()


def _set_aside() -> None:
    """All that is there now is no garbage, and is not searched again."""
    global _modules
    gc.collect()
    gc.freeze()
    _modules = len(sys.modules)
