"""The door to the engine: what is missing is named before anything heavy is imported."""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ftspec.errors import MissingExtraError

_NEEDED = (
    "torch",
    "transformers",
    "datasets",
    "accelerate",
    "evaluate",
    "rich",
    "sklearn",
    "tensorboard",
)


def require_engine() -> None:
    """Make sure that the engine can be imported.

    Raises:
        MissingExtraError: the ``train`` extra is not installed.
    """
    for module in _NEEDED:
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError(module, "pip install 'ftspec[train]'")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")  # no warning when workers fork


@contextmanager
def engine_imports() -> Iterator[None]:
    """Around the import of the engine: look for no garbage in what is imported, now or later.

    It is nearly a million objects, and none of them garbage. To look through them takes a part of
    the time of their import, and again when the process ends.
    """
    # imported before, it is among objects of other runs, which become garbage
    if "torch" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()
