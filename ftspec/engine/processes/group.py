"""What the processes of a run tell each other, beside the tensors they exchange.

It goes by the store of the launcher, which is there before any process group is, and which a thread
can ask while training waits for another process.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NoReturn

from torch.distributed import PrefixStore, Store, rendezvous

from ftspec.engine.processes.failure import AnotherFailedError, Failure
from ftspec.engine.processes.launch import Launch
from ftspec.errors import FtspecError

_SECONDS_TO_MEET = 600.0
_SECONDS_BETWEEN_LOOKS = 0.1
_FAILURE = "failure"

Leave = Callable[["Group", Failure], NoReturn]
"""Ends this process from a thread, because of what ended another one."""


class Group:
    """The processes of a run. A process that is alone has no store."""

    def __init__(
        self, launch: Launch, store: Store | None = None, leave: Leave | None = None
    ) -> None:
        self.launch = launch
        self.leave = leave
        self._store = store

    def post(self, name: str, value: Any) -> None:
        """Tell all a JSON value."""
        if self._store is not None:
            self._store.set(name, json.dumps(value))

    def has(self, name: str) -> bool:
        """Whether it was told."""
        return self._store is not None and self._store.check([name])

    def wait_for(self, name: str) -> Any:
        """A value that another process tells sooner or later.

        Raises:
            AnotherFailedError: it will not.
        """
        assert self._store is not None
        while not self.has(name):
            failure = self.failure()
            if failure is not None:
                raise AnotherFailedError(failure)
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        return json.loads(self._store.get(name))

    def wait_at_most(self, seconds: float, name: str) -> bool:
        """Whether it is told in time."""
        until = time.monotonic() + seconds
        while not self.has(name) and time.monotonic() < until:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        return self.has(name)

    def fail(self, failure: Failure) -> Failure:
        """Tell all that this process has failed; the failure that was told first, which is the
        reason of all others."""
        if self._store is None:
            return failure
        told = self._store.compare_set(_FAILURE, "", failure.to_text())
        return Failure.from_text(told.decode())

    def failure(self) -> Failure | None:
        """Why another process, or this one, failed."""
        if self._store is None or not self.has(_FAILURE):
            return None
        return Failure.from_text(self._store.get(_FAILURE).decode())


ALONE = Group(Launch())
"""A run of one process."""


def meet(launch: Launch, leave: Leave) -> Group:
    """The processes that a launcher has started, found by the address that it gave them.

    Raises:
        FtspecError: they cannot be reached.
    """
    try:
        store, _, _ = next(
            rendezvous(
                "env://",
                rank=launch.rank,
                world_size=launch.world_size,
                timeout=timedelta(seconds=_SECONDS_TO_MEET),
            )
        )
    except (ValueError, RuntimeError) as error:
        text = " ".join(str(error).split())
        raise FtspecError(f"the processes of the run cannot reach each other: {text}") from error
    return Group(launch, PrefixStore("ftspec", store), leave)
