"""How long a run waits for the Hub, what it says meanwhile, and what ends the waiting at once.

The bound is on time without progress, not on the time of a download: a large file over a slow line
takes as long as it takes.
"""

from __future__ import annotations

import contextvars
import os
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from ftspec.engine.progress.run_log import Note
from ftspec.errors import RunError

VARIABLE = "FTSPEC_HUB_PATIENCE"
DEFAULT_SECONDS = 300.0
"""The Hub counts requests in windows of five minutes, and asks to wait until the next one."""

_SAID_AFTER = 5.0
_SAID_AGAIN_AFTER = 60.0
_TICK = 0.1
_LONGEST_REST = 30.0

Result = TypeVar("Result")


class WaitingStoppedError(ConnectionError):
    """The run ends: nothing is waited for any more."""


def seconds_of_patience() -> float:
    """The bound, as the environment says.

    Raises:
        RunError: the environment says no number of seconds.
    """
    written = os.environ.get(VARIABLE, "").strip()
    if not written:
        return DEFAULT_SECONDS
    try:
        seconds = float(written)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise RunError(
            f'{VARIABLE} is "{written}", expected a number of seconds above 0',
            slug="hub",
            helps=(f"without it a run waits for the Hub for {DEFAULT_SECONDS:.0f} seconds",),
        )
    return seconds


class Patience:
    """The waiting of one run. All methods may be called in any thread.

    Attributes:
        bound: the seconds without progress after which a host is given up.
        stopped: nothing waits any more.
    """

    def __init__(self, note: Note, bound: float) -> None:
        self.bound = bound
        self.stopped = threading.Event()
        self.note = note
        self._lock = threading.Lock()
        self._waits: dict[str, Wait] = {}
        self._given_up: dict[str, tuple[float, str]] = {}
        self._at_stop: dict[int, Callable[[], None]] = {}

    def stop(self) -> None:
        """End all waiting, in every thread."""
        self.stopped.set()
        for end in list(self._at_stop.values()):
            end()

    def at_stop(self, key: int, end: Callable[[], None] | None) -> None:
        """Call ``end`` when waiting is stopped, until the key comes again with ``None``."""
        if end is None:
            self._at_stop.pop(key, None)
        else:
            self._at_stop[key] = end

    def wait_for(self, host: str, key: str) -> Wait:
        """The wait for what ``key`` names, which goes on where an earlier attempt ended."""
        with self._lock:
            wait = self._waits.get(key)
            if wait is None or not wait.is_failing:
                wait = self._waits[key] = Wait(self, host, key, self.bound)
            return wait

    def given_up(self, host: str) -> str | None:
        """Why a host was given up; after as long again it gets another chance."""
        with self._lock:
            at, reason = self._given_up.get(host, (0.0, ""))
            if reason and time.monotonic() - at > self.bound:
                del self._given_up[host]
                return None
            return reason or None

    def forget(self, wait: Wait) -> None:
        """It has ended well: the host works."""
        with self._lock:
            self._waits.pop(wait.key, None)
            self._given_up.pop(wait.host, None)

    def give_up(self, wait: Wait, reason: str) -> None:
        """Let later requests to the host fail at once."""
        with self._lock:
            self._waits.pop(wait.key, None)
            self._given_up[wait.host] = (time.monotonic(), reason)


class Wait:
    """The wait for one answer, over all attempts to get it."""

    def __init__(self, patience: Patience, host: str, key: str, bound: float) -> None:
        self.host, self.key, self._bound = host, key, bound
        self._patience = patience
        self._progressed = time.monotonic()
        self._reached = 0
        self._reason = "has not answered yet"
        self._said: float | None = None
        self._failed = 0.0
        self.failures = 0

    @property
    def is_failing(self) -> bool:
        """Whether an attempt failed just now; the client rests before it resumes."""
        return time.monotonic() - self._failed < _LONGEST_REST

    @property
    def left(self) -> float:
        """The seconds that are left of the patience."""
        return max(0.0, self._progressed + self._bound - time.monotonic())

    def advance(self, reached: int) -> None:
        """Bytes arrived. Those that came before, and were lost, are no progress."""
        if reached > self._reached:
            self._reached, self._progressed = reached, time.monotonic()

    def succeed(self) -> None:
        """The answer is here."""
        self._patience.forget(self)
        if self._said is not None:
            self._patience.note(f"{self.host} answers again")

    def fail(self, reason: str) -> None:
        """An attempt failed."""
        self._reason, self._failed = reason, time.monotonic()
        self.failures += 1

    def give_up(self, reason: str = "") -> str:
        """Wait no longer; the reason."""
        reason = reason or f"{self._reason}, for {self._bound:g} seconds"
        self._patience.give_up(self, reason)
        return reason

    def sleep(self, seconds: float) -> None:
        """Wait before the next attempt.

        Raises:
            WaitingStoppedError: the run ends.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._patience.stopped.wait(min(left, 1.0)):
                raise WaitingStoppedError("the run ends")
            self._say()

    def work(self, job: Callable[[], Result], abandon: Callable[[Result], None]) -> Result:
        """Do a job that may hang, and watch it: it runs in a thread of its own, since name lookups
        know no time-out, and since the threads of a download do not see Ctrl-C. A result that comes
        too late is abandoned.

        Raises:
            TimeoutError: the patience is over.
            WaitingStoppedError: the run ends.
        """
        results: list[Result] = []
        errors: list[BaseException] = []
        done, is_late = threading.Event(), threading.Event()
        context = contextvars.copy_context()

        def run() -> None:
            try:
                results.append(context.run(job))
            except BaseException as error:
                errors.append(error)
            done.set()
            if is_late.is_set() and results:
                abandon(results[0])

        threading.Thread(target=run, name="hub", daemon=True).start()
        try:
            while not done.wait(_TICK):
                if self._patience.stopped.is_set():
                    raise WaitingStoppedError("the run ends")
                if self.left <= 0:
                    raise TimeoutError
                self._say()
        except BaseException:
            is_late.set()
            raise
        if errors:
            raise errors[0]
        return results[0]

    def _say(self) -> None:
        """Say what is waited for, once a minute."""
        now = time.monotonic()
        since, pause = self._progressed, _SAID_AFTER
        if self._said is not None:
            since, pause = max(self._said, self._progressed), _SAID_AGAIN_AFTER
        if now - since >= pause:
            self._said = now
            self._patience.note(
                f"waiting for {self.host}, which {self._reason}: for {self.left:.0f} more seconds "
                f"({VARIABLE})"
            )
