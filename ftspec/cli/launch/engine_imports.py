"""Imports of the engine. What is not installed is named before anything heavy is imported."""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from ftspec.cli.launch.library_logs import show_library_logs
from ftspec.errors import MissingExtraError
from ftspec.stopping import code_of_interrupt, end_now, handling, interrupt_of

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
    show_library_logs()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")  # avoids a warning when workers fork


@contextmanager
def engine_imports(on_stop: Callable[[int], None] | None = None) -> Iterator[None]:
    """Pause garbage collection while the engine is imported. Ctrl-C and the other signals that stop
    a run end the process at once: in the middle of an import an exception would come out as that of
    a library. ``on_stop`` gets the exit code, and says what is left.

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
        with _ending_at_once(on_stop):
            yield
        gc.freeze()
    finally:
        gc.enable()


@contextmanager
def _ending_at_once(on_stop: Callable[[int], None] | None) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: object) -> None:
        code = code_of_interrupt(interrupt_of(number))
        end_now(number, None if on_stop is None else partial(on_stop, code))

    with handling(end, also_ctrl_c=True):
        yield
