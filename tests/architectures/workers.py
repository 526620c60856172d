"""Processes that check pairs. A pair that hangs or takes all memory ends its process, not the
sweep."""

from __future__ import annotations

import gc
import multiprocessing
import os
import queue
import resource
import tempfile
import threading
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from tests.architectures.pairs import Pair
from tests.architectures.verdict import Verdict

_SECONDS = 120
"""For one pair; most take two."""

_SECONDS_TO_START = 300
_MEMORY = 8 << 30
_CONTEXT = multiprocessing.get_context("spawn")


def check_all(pairs: Sequence[Pair], jobs: int) -> Iterator[Verdict]:
    """The verdicts of pairs as they come, from so many processes at once."""
    waiting: queue.SimpleQueue[Pair | None] = queue.SimpleQueue()
    done: queue.SimpleQueue[Verdict] = queue.SimpleQueue()
    for pair in [*pairs, *[None] * jobs]:
        waiting.put(pair)
    os.environ["OMP_NUM_THREADS"] = "1"  # before a process imports torch
    for _ in range(jobs):
        threading.Thread(target=_work_off, args=(waiting, done), daemon=True).start()
    for _ in pairs:
        yield done.get()


def _work_off(waiting: queue.SimpleQueue[Pair | None], done: queue.SimpleQueue[Verdict]) -> None:
    worker = _Worker()
    while (pair := waiting.get()) is not None:
        verdict = worker.check(pair)
        if verdict is None:
            worker.kill()
            worker = _Worker()
            says = f"the process crashed, or took more than {_SECONDS} seconds"
            verdict = Verdict(pair=pair, outcome="failed", says=says)
        done.put(verdict)
    worker.kill()


class _Worker:
    """A process that checks one pair after the other."""

    def __init__(self) -> None:
        self._connection, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()  # so that the end of the process is the end of the connection
        self._is_ready = False

    def check(self, pair: Pair) -> Verdict | None:
        """The verdict of a pair; ``None`` if the process crashes or takes too long."""
        try:
            if not self._is_ready:
                self._is_ready = self._connection.poll(_SECONDS_TO_START)
                self._connection.recv()
            self._connection.send(pair)
            if self._connection.poll(_SECONDS):
                verdict: Verdict = self._connection.recv()
                return verdict
        except (EOFError, OSError):
            pass
        return None

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.join()
        self._connection.close()


def _serve(connection: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    from tests.architectures.check import check_pair
    from tests.architectures.machine import quiet_machine

    with tempfile.TemporaryDirectory(prefix="architectures-") as name, quiet_machine(Path(name)):
        connection.send("ready")
        while True:
            try:
                pair = connection.recv()
            except EOFError:
                return
            connection.send(check_pair(pair, Path(name) / "pair"))
            gc.collect()
            gc.freeze()  # models import modules of their own, which stay
