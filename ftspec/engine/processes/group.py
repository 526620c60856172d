"""The processes of a run, and the values that they send to each other.

Values go through the store of the launcher. It exists before any process group, and a thread can
read it while training waits for another process.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, NoReturn

from torch.distributed import PrefixStore, Store, group, is_initialized, rendezvous

from ftspec.engine.processes.attempt import Attempt, begin_attempt, has_shared_store
from ftspec.engine.processes.failure import AnotherFailedError, Failure
from ftspec.engine.processes.launch import Launch
from ftspec.engine.processes.store_port import require_store
from ftspec.errors import FtspecError

_SECONDS_TO_MEET = 600.0
_SECONDS_BETWEEN_LOOKS = 0.1
_FAILURE, _GREETED = "failure", "greeted"
_SILENT = "the process ended without a word; it may have been killed"

Leave = Callable[["Group", Failure], NoReturn]
"""Ends this process from a thread, because of the failure of another process."""


class Group:
    """The processes of a run. A single process has no store. An ``attempt`` is kept, because the
    first process holds the store that torch uses in it."""

    def __init__(
        self,
        launch: Launch,
        store: Store | None = None,
        leave: Leave | None = None,
        attempt: Attempt | None = None,
    ) -> None:
        self.launch = launch
        self.leave = leave
        self._store = store
        self._attempt = attempt
        self._known: Failure | None = None

    def post(self, name: str, value: Any) -> None:
        """Send a JSON value to all processes."""
        if self._store is not None:
            self._store.set(name, json.dumps(value))

    def has(self, name: str) -> bool:
        """Whether a value was sent."""
        return self._store is not None and self._store.check([name])

    def wait_for(self, name: str) -> Any:
        """Wait for a value that another process sends.

        Raises:
            AnotherFailedError: another process failed, or was killed, before it sent the value.
        """
        assert self._store is not None
        try:
            while not self.has(name):
                failure = self.failure()
                if failure is not None:
                    raise AnotherFailedError(failure)
                time.sleep(_SECONDS_BETWEEN_LOOKS)
            return json.loads(self._store.get(name))
        except RuntimeError as error:
            raise AnotherFailedError(self._loss_of_store()) from error

    def wait_at_most(self, seconds: float, name: str) -> bool:
        """Whether a value is sent in time."""
        until = time.monotonic() + seconds
        while not self.has(name) and time.monotonic() < until:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        return self.has(name)

    def greet(self) -> None:
        """Tell the first process that this one has read what it sent."""
        if self._store is not None and not self.launch.is_first:
            self._store.add(_GREETED, 1)

    def wait_for_all(self, seconds: float) -> bool:
        """Whether all other processes have greeted this one in time."""
        until = time.monotonic() + seconds
        while self._store is not None and self._store.add(_GREETED, 0) < self.launch.world_size - 1:
            if time.monotonic() > until:
                return False
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        return True

    def fail(self, failure: Failure) -> Failure:
        """Tell all processes that this one failed. Returns the earliest failure, which is the cause
        of all others."""
        if self._store is None:
            return failure
        earliest = self._store.compare_set(_FAILURE, "", failure.to_text())
        return Failure.from_text(earliest.decode())

    def failure(self) -> Failure | None:
        """The earliest failure of a process; ``None`` if none has failed. It stays known where the
        store ends."""
        if self._known is None and self._store is not None and self.has(_FAILURE):
            self._known = Failure.from_text(self._store.get(_FAILURE).decode())
        return self._known

    def cause_of(self, error: Exception) -> Failure | None:
        """The failure of a process that led to an error in this one; ``None`` if none has failed.
        A process that was killed could tell nobody, but the store may have ended with it; an error
        that ftspec explains has a cause of its own."""
        try:
            return self.failure()
        except RuntimeError:
            return None if isinstance(error, FtspecError) else self._loss_of_store()

    def _loss_of_store(self) -> Failure:
        """The store ends with the launcher if it is that of the launcher, and else with the first
        process."""
        if self._attempt is not None:
            return Failure.of(FtspecError("the launcher ended, or was killed"), self.launch)
        failure = Failure.of(FtspecError(_SILENT), Launch(0, self.launch.world_size))
        return replace(failure, host=os.environ.get("MASTER_ADDR", failure.host))


ALONE = Group(Launch())
"""A run of one process."""


def meet(launch: Launch, leave: Leave | None) -> Group:
    """Connect to the other processes, at the address that the launcher gave to all. Changes the
    variables that say where torch finds them, if the launcher may start several attempts.

    Raises:
        FtspecError: they cannot be reached.
    """
    attempt = None
    try:
        store = _store(launch)
        if has_shared_store(os.environ):
            store, attempt = begin_attempt(
                store, is_first=launch.is_first, seconds=_SECONDS_TO_MEET, environment=os.environ
            )
    except (KeyError, ValueError, RuntimeError, ConnectionError) as error:
        text = " ".join(str(error).split())
        raise FtspecError(f"the processes of the run cannot reach each other: {text}") from error
    return Group(launch, PrefixStore("ftspec", store), leave, attempt)


def _store(launch: Launch) -> Store:
    """The store at the address that the launcher gave to all. The first process may open it."""
    if not launch.is_first:
        require_store(os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
    store: Store = next(
        rendezvous(
            "env://",
            rank=launch.rank,
            world_size=launch.world_size,
            timeout=timedelta(seconds=_SECONDS_TO_MEET),
        )
    )[0]
    return store


def break_off() -> None:
    """Have every exchange of tensors fail that waits for another process. That of gloo, on CPUs,
    fails when the process that it waits for has ended."""
    world = group.WORLD if is_initialized() else None
    if world is not None:
        with suppress(RuntimeError):  # it ends meanwhile
            world.abort()
