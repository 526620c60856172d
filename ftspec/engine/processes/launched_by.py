"""The launcher that started this process, and may start it again. Imports without torch."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

LAUNCHED_WITH = "FTSPEC_LAUNCHED_WITH"
"""The variable in which ``ftspec run`` tells the processes that it starts which options start them
again. It is empty if the spec names the launcher."""

_NO_ID = "none"
"""The id of a launch that was given none."""

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class LaunchedBy:
    """A launch by torchrun, which may take several attempts.

    Attributes:
        id: that of the launch, as torchrun knows it.
        agent: the process that started this one. It lives as long as the launch on its machine.
        attempt: how often it has started its processes again. Another machine may count otherwise.
    """

    id: str
    agent: str
    attempt: int

    def to_json(self) -> dict[str, Any]:
        """Its fields."""
        return asdict(self)

    def has_begun(self, record: Mapping[str, Any]) -> bool:
        """Whether an earlier attempt of this launch wrote such a record. The first process may be
        on another machine than before, which has another agent; then the ids decide, but only in a
        later attempt, because users give one id to several launches."""
        if record.get("agent") == self.agent:
            return True
        return self.attempt > 0 and self.id != _NO_ID and record.get("id") == self.id


def launched_by(environment: Mapping[str, str]) -> LaunchedBy | None:
    """The launch that this process belongs to; ``None`` if nothing starts it again."""
    run_id = environment.get("TORCHELASTIC_RUN_ID")
    if run_id is None:
        return None
    from ftspec.owner import process_name  # imports psutil

    attempt = environment.get("TORCHELASTIC_RESTART_COUNT", "")
    return LaunchedBy(
        run_id, process_name(os.getppid()), int(attempt) if attempt.isdecimal() else 0
    )


class Restarts(NamedTuple):
    """How often a launcher has started all processes again, and how often it would."""

    used: int
    most: int


def restarts(environment: Mapping[str, str]) -> Restarts:
    """Those of the launcher of this process; none without a launcher that starts again."""
    used, most = (
        environment.get(name, "")
        for name in ("TORCHELASTIC_RESTART_COUNT", "TORCHELASTIC_MAX_RESTARTS")
    )
    if not (used.isdecimal() and most.isdecimal()):
        return Restarts(0, 0)
    return Restarts(int(used), int(most))


def end_with_launcher() -> None:
    """Have the system send SIGTERM to this process when its launcher dies. Otherwise this process
    would go on, and a later attempt could not take the run. Only Linux can."""
    launcher = os.getppid()
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != launcher:  # it died meanwhile
            os.kill(os.getpid(), signal.SIGTERM)
