"""A command in several processes: the first process prints for all of them.

:mod:`ftspec.engine.processes.roles` makes the processes start and end together. This module adds
what they print and the exit codes they end with.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from ftspec.cli.terminal.exits import (
    DONE,
    USAGE,
    Exit,
    code_of_error,
    end_at_once,
)
from ftspec.cli.terminal.output import echo
from ftspec.cli.terminal.run_errors import code_of_failure
from ftspec.engine.processes import roles
from ftspec.engine.processes.failure import Failure
from ftspec.engine.processes.launch import Launch, read_launch
from ftspec.errors import FtspecError, UsageError
from ftspec.exit_code import forbid_restart, is_restart_forbidden
from ftspec.stopping import INTERRUPTED, REQUEUE, RequeueInterrupt

if TYPE_CHECKING:
    from ftspec.engine.processes.group import Group


@contextmanager
def leading(launch: Launch) -> Iterator[roles.Leader]:
    """While the block runs, the other processes depend on this one. Tells them how it ends."""
    leader = roles.Leader(launch, leave)
    _silence_torch()
    code = DONE
    try:
        yield leader
    except BaseException as error:
        code = code_of_error(error)
        raise
    finally:
        leader.end(code, _failure(code, launch))


@contextmanager
def following(launch: Launch) -> Iterator[tuple[Group, dict[str, Any]]]:
    """While the block runs, this process works with the first one.

    Gives the group of processes, and what the first process opened. If the block fails, the first
    process reports the failure if it still can.
    """
    _silence_torch()
    try:
        group, opened = roles.join(launch, leave)
    except KeyboardInterrupt as stop:
        raise Exit(code_of_error(stop)) from None
    except roles.FirstProcessEndedError as end:
        if end.is_final:
            forbid_restart()
        raise Exit(end.code) from None
    try:
        yield group, opened
    except BaseException as error:
        raise Exit(_hand_over(group, Failure.of(error, launch))) from None


def leave(group: Group, failure: Failure) -> NoReturn:
    """End this process from a thread, after the first process has reported the failure."""
    code = code_of_failure(failure)
    if failure.is_final:
        forbid_restart()
    roles.end_together(group, code)
    end_at_once(code)


def require_one_process(command: str) -> None:
    """Refuse a command that every process would repeat.

    Raises:
        UsageError: there are several processes.
    """
    launch = read_launch(os.environ)
    if launch.is_alone:
        return
    if not launch.is_first:
        roles.wait_for_launcher()
        raise Exit(USAGE)
    raise UsageError(f"{command} runs in a single process; start it without a launcher")


def _hand_over(group: Group, failure: Failure) -> int:
    """Let the first process report why this process ends; returns the exit code."""
    failure, is_reported = roles.hand_over(group, failure)
    if not is_reported and failure.rank == group.launch.rank:
        echo(f"error: {failure}", err=True)
    if failure.is_final:
        forbid_restart()
    roles.wait_for_first_to_exit()
    return code_of_failure(failure)


def _failure(code: int, launch: Launch) -> Failure | None:
    """What the other processes learn of the end of this one. The error itself is already shown."""
    if code == DONE:
        return None
    if code in (INTERRUPTED, REQUEUE):
        stop = RequeueInterrupt() if code == REQUEUE else KeyboardInterrupt()
        return Failure.of(stop, launch)
    failure = Failure.of(FtspecError("the first process has reported the error"), launch)
    return replace(failure, kind="mistake") if is_restart_forbidden() else failure


def _silence_torch() -> None:
    """Hide the warnings that torch prints in every process from C++. Its errors stay visible."""
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
