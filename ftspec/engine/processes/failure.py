"""Why a process ended, in a form that it sends to the others. Imports without torch."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict, dataclass, replace
from typing import Literal

from ftspec.engine.processes.launch import Launch
from ftspec.engine.processes.launched_by import restarts
from ftspec.engine.progress.outcome import RunFailedError, RunInterruptedError
from ftspec.errors import FtspecError, RunError
from ftspec.stopping import code_of_interrupt

_MAY_PASS = frozenset(
    {
        *("hub", "cannot-push", "out-of-memory", "disk-too-small"),
        *("output-not-writable", "cache-not-writable", "unreadable-weights"),
    }
)


def may_pass(slug: str) -> bool:
    """Whether another attempt may not meet such a mistake. A run that is in use when its processes
    start again may be in use by one of the attempt before."""
    if slug == "run-in-use":
        return restarts(os.environ).used > 0
    return slug in _MAY_PASS


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What ended a process.

    Attributes:
        rank: the number of the process, from 0; ``world_size`` is how many there are.
        host: its machine.
        kind: ``mistake`` of the user, with a slug, a place in the spec and helps; ``failed``, with
            the log that has the traceback; or ``interrupted``.
        code: the exit code of every process.
    """

    rank: int
    world_size: int
    host: str
    kind: Literal["mistake", "failed", "interrupted"]
    headline: str
    slug: str = ""
    at: tuple[str | int, ...] = ()
    helps: tuple[str, ...] = ()
    log: str = ""
    code: int = 1

    def __str__(self) -> str:
        """What happened, and in which process, counted from 1."""
        return f"{self.headline} (in process {self.rank + 1} of {self.world_size}, on {self.host})"

    @property
    def is_final(self) -> bool:
        """Whether another attempt would fail in the same way."""
        return self.kind == "mistake" and not may_pass(self.slug)

    def to_text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Failure:
        """The inverse of ``to_text``."""
        values = json.loads(text)
        return cls(**{**values, "at": tuple(values["at"]), "helps": tuple(values["helps"])})

    @classmethod
    def of(cls, error: BaseException, launch: Launch) -> Failure:
        """The failure that an error in a process is."""
        base = cls(
            rank=launch.rank,
            world_size=launch.world_size,
            host=socket.gethostname(),
            kind="failed",
            headline=str(error) or type(error).__name__,
        )
        if isinstance(error, RunError):
            return replace(
                base, kind="mistake", slug=error.slug, at=error.at, helps=tuple(error.helps)
            )
        if isinstance(error, (KeyboardInterrupt, RunInterruptedError)):
            code = getattr(error, "code", None) or code_of_interrupt(error)
            return replace(base, kind="interrupted", headline="interrupted", code=code)
        if isinstance(error, RunFailedError):
            return replace(base, log=str(error.run_dir.log))
        return base


class AnotherFailedError(FtspecError):
    """Another process ended, so this one ends too."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure
