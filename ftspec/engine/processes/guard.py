"""Ends a process that would wait forever for a process that has failed."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from ftspec.engine.processes.failure import Failure
from ftspec.engine.processes.group import Group, break_off
from ftspec.stopping import REQUEUE_SIGNALS, STOP_SIGNALS, interrupt_of

_SECONDS_BETWEEN_LOOKS = 0.3
_SECONDS_TO_END = 5.0
"""How long a process has to end by itself after another one failed."""

_SECONDS_TO_STOP = 20.0
"""How long a process has to end by itself after a signal; torchrun kills it after 30 seconds."""

_SIGNALS = STOP_SIGNALS | {signal.SIGINT}


class Guard:
    """Inside the ``with`` block, watches whether another process fails.

    A process that exchanges tensors runs no Python code that could notice a failure, so a thread
    watches. If a signal comes and the process does not end, the thread records that the run is
    interrupted, because the sender of the signal will soon kill the process.

    Args:
        group: the processes.
        record: writes down why the run ends.
        end: does the rest of the work at the end of a run.
    """

    def __init__(
        self, group: Group, record: Callable[[Failure], None], end: Callable[[Failure], None]
    ) -> None:
        self._group = group
        self._record = record
        self._end = end
        self._is_over = threading.Event()
        self._turn = threading.Lock()
        self._ender: threading.Thread | None = None
        self._woken, self._waker = socket.socketpair()
        self._previous: int | None = None
        self._stop_by = 0.0
        self._interrupt = KeyboardInterrupt()

    def __enter__(self) -> Guard:
        if not self._group.launch.is_alone:
            self._woken.setblocking(False)
            self._waker.setblocking(False)
            if threading.current_thread() is threading.main_thread():  # the only one that may
                # written as soon as a signal comes, before Python handles it
                self._previous = signal.set_wakeup_fd(
                    self._waker.fileno(), warn_on_full_buffer=False
                )
            threading.Thread(target=self._watch, name="ftspec-guard", daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.dismiss()
        if self._previous is not None:
            signal.set_wakeup_fd(self._previous)
        self._woken.close()
        self._waker.close()

    def dismiss(self) -> None:
        """This process ends by itself. If the thread already ends it, wait for that."""
        self._is_over.set()
        if not self._takes_over():
            threading.Event().wait()

    def _takes_over(self) -> bool:
        """Whether this thread ends the process: the first thread to ask does."""
        with self._turn:
            self._ender = self._ender or threading.current_thread()
            return self._ender is threading.current_thread()

    def _watch(self) -> None:
        while not self._is_over.wait(_SECONDS_BETWEEN_LOOKS):
            try:
                failure = self._group.failure()
            except RuntimeError:  # the process that held the store has ended
                return
            if failure is not None:
                if not self._is_over.wait(_SECONDS_TO_END):
                    self._leave(failure)
                return
            self._look_for_signals()

    def _leave(self, failure: Failure) -> None:
        """End this process, or, where it is not there for the run alone, what it waits for."""
        if self._group.leave is None:
            break_off()
        elif self._takes_over():
            self._record(failure)
            self._end(failure)
            self._group.leave(self._group, failure)

    def _look_for_signals(self) -> None:
        with suppress(OSError):  # nothing to read, or closed meanwhile
            sent = set(self._woken.recv(4096)) & _SIGNALS
            if self._stop_by == 0 and sent:
                self._interrupt = interrupt_of(max(sent & REQUEUE_SIGNALS or sent))
                self._stop_by = time.monotonic() + _SECONDS_TO_STOP
        if 0 < self._stop_by < time.monotonic():
            self._stop_by = float("inf")
            self._record(Failure.of(self._interrupt, self._group.launch))
