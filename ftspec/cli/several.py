"""A command in several processes: the first speaks for all, the others say nothing.

A launcher ends every process when one has ended with an error. So the others wait until the first
has said what there is to say.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn

import click

from ftspec.cli.exits import BUG, DONE, FINDINGS, INTERRUPTED, USAGE, Exit, end_at_once
from ftspec.cli.output import echo
from ftspec.engine.processes.failure import Failure
from ftspec.engine.processes.launch import Launch, read_launch
from ftspec.errors import FtspecError, UsageError

if TYPE_CHECKING:
    from ftspec.engine.processes.group import Group, Leave

_OPENED, _OVER = "opened", "over"
_SECONDS_TO_RECORD = 20.0
_SECONDS_TO_SPEAK = 1.0


class Lead:
    """What the first process tells the others."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._group: Group | None = None

    def open(self, leave: Leave, opened: dict[str, Any]) -> Group:
        """Let the others begin; they learn what was opened."""
        from ftspec.engine.processes.group import meet  # torch is imported here

        self._group = meet(self._launch, leave)
        self._group.post(_OPENED, opened)
        return self._group

    def end(self, code: int) -> None:
        """Let the others end, as this process does."""
        if self._group is None and code == INTERRUPTED:  # as the others are, by the same signal
            return
        # where the launcher is gone nobody is left to be told
        with suppress(FtspecError, RuntimeError, ImportError):
            group = self._group or self.open(leave, {"exit": code})
            if code != DONE:
                stop = KeyboardInterrupt() if code == INTERRUPTED else FtspecError("has said why")
                group.fail(Failure.of(stop, self._launch))
            group.post(_OVER, code)


@contextmanager
def leading(launch: Launch) -> Iterator[Lead]:
    """While it lasts, others depend on this process, which tells them how it ended."""
    lead = Lead(launch)
    _silence_torch()
    code = BUG
    try:
        yield lead
        code = DONE
    except Exit as end:
        code = end.code
        raise
    except (UsageError, click.ClickException):
        code = USAGE
        raise
    except FtspecError:
        code = FINDINGS
        raise
    except KeyboardInterrupt:
        code = INTERRUPTED
        raise
    finally:
        lead.end(code)


@contextmanager
def following(launch: Launch) -> Iterator[tuple[Group, dict[str, Any]]]:
    """While it lasts, this process works beside the first; gives what the first opened. Its own
    failure is told by the first, if that still can."""
    _silence_torch()
    try:
        from ftspec.engine.processes.group import meet  # torch is imported here

        group = meet(launch, leave)
        opened = group.wait_for(_OPENED)
    except KeyboardInterrupt:
        raise Exit(INTERRUPTED) from None
    if "exit" in opened:
        time.sleep(_SECONDS_TO_SPEAK)
        raise Exit(opened["exit"])
    try:
        yield group, opened
    except BaseException as error:
        raise Exit(_tell(group, Failure.of(error, launch))) from None


def _tell(group: Group, failure: Failure) -> int:
    """Have the first process say why this one ends; the exit code."""
    is_said = False
    with suppress(RuntimeError):  # the launcher is gone
        failure = group.fail(failure)
        is_said = group.wait_at_most(_SECONDS_TO_RECORD, _OVER)
    if not is_said and failure.rank == group.launch.rank:
        echo(f"error: {failure}", err=True)
    time.sleep(_SECONDS_TO_SPEAK)
    return code_of(failure)


def code_of(failure: Failure) -> int:
    """The exit code of every process of a run that one of them ended."""
    return INTERRUPTED if failure.kind == "interrupted" else FINDINGS


def leave(group: Group, failure: Failure) -> NoReturn:
    """End this process from a thread: the first when it has said why, the others after it."""
    if group.launch.is_first:
        group.post(_OVER, code_of(failure))
    else:
        group.wait_at_most(_SECONDS_TO_RECORD, _OVER)
        time.sleep(_SECONDS_TO_SPEAK)
    end_at_once(code_of(failure))


def require_one_process(command: str) -> None:
    """Refuse to do in several processes what each of them would do alike.

    Raises:
        UsageError: there are several.
    """
    launch = read_launch(os.environ)
    if launch.is_alone:
        return
    if not launch.is_first:
        time.sleep(_SECONDS_TO_RECORD)  # the launcher ends it sooner
        raise Exit(USAGE)
    raise UsageError(f"{command} works in one process: start it without a launcher")


def _silence_torch() -> None:
    """Its warnings of every process, which go past Python, but not its errors."""
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
