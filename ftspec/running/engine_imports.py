"""Imports of the engine. What is not installed is named before anything heavy is imported."""

from __future__ import annotations

import gc
import importlib.util
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

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


def require_packages() -> None:
    """Make sure that the engine can be imported.

    Raises:
        MissingExtraError: the ``train`` extra is not installed.
    """
    for module in _NEEDED:
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError(module, "pip install 'ftspec[train]'")


@contextmanager
def engine_imports(
    on_stop: Callable[[int], None] | None = None, *, owns_process: bool = True
) -> Iterator[None]:
    """Pause garbage collection while the engine is imported. Ctrl-C and the other signals that stop
    a run end the process at once: in the middle of an import an exception would come out as that of
    a library. ``on_stop`` gets the exit code, and says what is left.

    The imports create nearly a million objects and no garbage. Searching them takes a noticeable
    part of the import time, and takes it again when the process ends. So they are frozen: no later
    collection searches them.

    A process that is not ``owns_process`` stays: a signal is raised after the imports, and nothing
    is frozen.
    """
    # if torch is already imported, freezing would also keep the objects of earlier runs
    if "torch" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        with _ending_at_once(on_stop) if owns_process else _raising_later():
            yield
        if owns_process:
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


@contextmanager
def _raising_later() -> Iterator[None]:
    """Keep a signal until the end of the block.

    Raises:
        KeyboardInterrupt: there was one.
    """
    sent: list[int] = []

    def keep(number: int, frame: FrameType | None) -> None:
        sent.append(number)

    with handling(keep, also_ctrl_c=True), warnings.catch_warnings():
        # tqdm says in a notebook how its bars would look better; a run shows none of them
        warnings.filterwarnings("ignore", message="IProgress not found")
        yield
    if sent:
        raise interrupt_of(sent[0])
