"""A pytest plugin: no search for garbage in what the tests import.

That is half a million objects, and none of them garbage. Libraries for training search through all
there are whenever they let go of memory, which was a third of the time of the tests that train.
"""

from __future__ import annotations

import gc

import pytest


def pytest_sessionstart(session: pytest.Session) -> None:
    """Modules of tests are imported from here on."""
    gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    """From here on there is garbage."""
    gc.collect()
    gc.freeze()
    gc.enable()
