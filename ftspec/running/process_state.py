"""Restores what a run changes in its process, for the program that goes on."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from ftspec.errors import UsageError

_running, _predicting = Lock(), Lock()


@contextmanager
def one_run_at_a_time() -> Iterator[None]:
    """Refuse a second run while there is one: seeds, logs and signals belong to the process.

    Raises:
        UsageError: another thread of this process runs one.
    """
    if not _running.acquire(blocking=False):
        raise UsageError(
            "another thread of this process runs a spec or predicts; wait for it, or use a process "
            "for each"
        )
    try:
        yield
    finally:
        _running.release()


@contextmanager
def one_prediction_at_a_time() -> Iterator[None]:
    """Wait for predictions in other threads. A run is not waited for, which takes hours.

    Raises:
        UsageError: another thread of this process runs a spec.
    """
    with _predicting, one_run_at_a_time():
        yield


@contextmanager
def state_restored() -> Iterator[None]:
    """Inside, the environment may change, and random numbers are those of a run."""
    environment = dict(os.environ)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")  # avoids a warning when workers fork
    with _random_numbers_restored():
        try:
            yield
        finally:
            _restore(environment)


def _restore(environment: dict[str, str]) -> None:
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    for name, value in environment.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


@contextmanager
def _random_numbers_restored() -> Iterator[None]:
    """Of Python, numpy and torch. Where a run is the first to use numpy or torch, their numbers are
    as in a new process afterwards."""
    of_python = random.getstate()
    before = {name: sys.modules[name] for name in ("numpy", "torch") if name in sys.modules}
    of_numpy = before["numpy"].random.get_state() if "numpy" in before else None
    of_torch = before["torch"].get_rng_state() if "torch" in before else None
    has_cuda = "torch" in before and before["torch"].cuda.is_initialized()
    of_cuda = before["torch"].cuda.get_rng_state_all() if has_cuda else None
    try:
        yield
    finally:
        random.setstate(of_python)
        numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
        if numpy is not None:
            numpy.random.seed() if of_numpy is None else numpy.random.set_state(of_numpy)
        if torch is not None:
            torch.seed() if of_torch is None else torch.set_rng_state(of_torch)
            if of_cuda is not None:
                torch.cuda.set_rng_state_all(of_cuda)
