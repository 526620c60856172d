"""Imports of the engine. What is not installed is named before anything heavy is imported."""

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
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")  # avoids a warning when workers fork


@contextmanager
def engine_imports() -> Iterator[None]:
    """Pause garbage collection while the engine is imported.

    The imports create nearly a million objects and no garbage. Searching them takes a noticeable
    part of the import time, and takes it again when the process ends. So they are frozen: no later
    collection searches them.
    """
    # if torch is already imported, freezing would also keep the objects of earlier runs
    if "torch" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()
