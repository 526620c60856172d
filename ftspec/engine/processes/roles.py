"""The two roles of processes: the first leads, and the others follow it from start to end.

A launcher stops all processes as soon as one of them exits with an error. So the others do not
exit before the first process has reported the error. Imports without torch.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ftspec.engine.processes.failure import Failure
from ftspec.engine.processes.launch import Launch
from ftspec.errors import FtspecError

if TYPE_CHECKING:
    from ftspec.engine.processes.group import Group, Leave

_OPENED, _OVER = "opened", "over"
_SECONDS_TO_RECORD = 20.0
"""How long the others give the first process to report a failure."""

_SECONDS_TO_FINISH = 600.0
"""How long the others give the first process to report and upload what all have trained."""

_SECONDS_TO_IMPORT = 60.0
"""How long the first process waits for the others to start, where it ends before them."""

_SECONDS_TO_NOTICE = 1.0
"""How long the first process then stays, so that the others learn of its failure: where it is not
the launcher that has the store, the store ends with it."""

_SECONDS_TO_EXIT = 1.0
"""How long the others then wait, so that the first process exits before them."""


class FirstProcessEndedError(FtspecError):
    """The first process ended before it opened a run.

    Attributes:
        code: its exit code.
        is_final: whether another attempt would end in the same way.
    """

    def __init__(self, code: int, *, is_final: bool) -> None:
        super().__init__(f"the first process ended with exit code {code}")
        self.code = code
        self.is_final = is_final


class Leader:
    """The first process of a run.

    Args:
        launch: the place of this process in the run.
        leave: ends this process, where :meth:`open` gets no other way. Without any, the process
            is not there for the run alone, and is not ended.
    """

    def __init__(self, launch: Launch, leave: Leave | None = None) -> None:
        self.launch = launch
        self._leave = leave
        self._group: Group | None = None
        self._has_ended = False

    def open(self, opened: dict[str, Any], leave: Leave | None = None) -> Group:
        """Let the other processes start. They receive ``opened``, which must be JSON values.

        Raises:
            FtspecError: the processes cannot reach each other.
        """
        from ftspec.engine.processes.group import meet  # imports torch

        self._group = meet(self.launch, leave or self._leave)
        self._group.post(_OPENED, opened)
        return self._group

    def end(self, code: int, failure: Failure | None) -> None:
        """Let the other processes end with this one. Only the first call does something.

        Args:
            code: the exit code of this process.
            failure: why it ends, if it did not finish.
        """
        if self._has_ended:
            return
        self._has_ended = True
        is_interrupted = failure is not None and failure.kind == "interrupted"
        if self._group is None and is_interrupted:  # the same signal interrupts the others
            return
        # if the launcher is gone, no other process is left
        with suppress(FtspecError, RuntimeError, ImportError):
            is_early = self._group is None
            is_final = failure is not None and failure.is_final
            group = self._group or self.open({"exit": code, "is_final": is_final})
            if failure is not None:
                group.fail(failure)
            group.post(_OVER, code)
            has_launcher = "TORCHELASTIC_RUN_ID" in os.environ
            if is_early and (code == 0 or not has_launcher):
                # no launcher stops the others, and what they wait for ends with this process
                group.wait_for_all(_SECONDS_TO_IMPORT)
            elif failure is not None and not has_launcher:
                time.sleep(_SECONDS_TO_NOTICE)


def join(launch: Launch, leave: Leave | None = None) -> tuple[Group, dict[str, Any]]:
    """Wait until the first process opens a run; returns the group and what it opened.

    Raises:
        FirstProcessEndedError: it ended instead.
        AnotherFailedError: another process failed meanwhile.
        FtspecError: the processes cannot reach each other.
    """
    from ftspec.engine.processes.group import meet  # imports torch

    group = meet(launch, leave)
    opened = group.wait_for(_OPENED)
    group.greet()
    if "exit" in opened:
        wait_for_first_to_exit()
        raise FirstProcessEndedError(opened["exit"], is_final=opened["is_final"])
    return group, opened


def hand_over(group: Group, failure: Failure) -> tuple[Failure, bool]:
    """Let the first process report a failure.

    Returns the failure that is reported, which is the earliest one of all processes, and whether
    the first process has reported it.
    """
    is_reported = False
    with suppress(RuntimeError):  # the launcher is gone
        failure = group.fail(failure)
        is_reported = group.wait_at_most(_SECONDS_TO_RECORD, _OVER)
    return failure, is_reported


def end_together(group: Group, code: int) -> None:
    """Announce the end of the run with this exit code, or wait until the first process does."""
    if group.launch.is_first:
        group.post(_OVER, code)
    else:
        group.wait_at_most(_SECONDS_TO_RECORD, _OVER)
        wait_for_first_to_exit()


def wait_for_end(group: Group) -> None:
    """Wait until the first process has written what the run leaves."""
    with suppress(RuntimeError):  # it has ended
        group.wait_at_most(_SECONDS_TO_FINISH, _OVER)


def wait_for_first_to_exit() -> None:
    """Give the first process the time to print and to exit."""
    time.sleep(_SECONDS_TO_EXIT)


def wait_for_launcher() -> None:
    """Wait until the launcher stops this process, because the first one ended with an error."""
    time.sleep(_SECONDS_TO_RECORD)
