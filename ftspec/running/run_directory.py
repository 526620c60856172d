"""The run directory that ``ftspec run`` writes to: a new one, or the one to resume."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ftspec.engine.run.opening import (
    PassedOver,
    find_unfinished,
    open_run,
    start_run,
    take_run,
)
from ftspec.engine.run.restarted import find_restarted, sign_run
from ftspec.errors import UsageError
from ftspec.manifest import find_damage
from ftspec.ownership import Ownership
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory


class OpenedRun(NamedTuple):
    """The run directory that a command writes to.

    Attributes:
        run_dir: the run directory.
        ownership: this process owns it.
        is_resumed: whether its run was begun earlier.
        passed_over: runs that are not resumed, and why.
    """

    run_dir: RunDirectory
    ownership: Ownership
    is_resumed: bool
    passed_over: tuple[PassedOver, ...] = ()


@contextmanager
def opened_run(
    plan: Plan, spec_text: str, resume: str | None, changes: str = ""
) -> Iterator[OpenedRun]:
    """The run directory, owned until the end of the ``with`` block.

    Args:
        plan: the plan to run.
        spec_text: the text of the spec, copied to a new run directory.
        resume: the value of ``--resume``: a run directory, ``auto`` or nothing. With nothing, a
            later attempt of a launcher goes on with the run of the earlier ones.
        changes: what the name of a new run directory ends with.

    Raises:
        RunError: a new directory cannot be written, ``resume`` is not a run directory, or another
            process has it.
        UsageError: the run cannot be resumed: it has another plan, or has no checkpoint.
    """
    opened = _open(plan, spec_text, resume, changes)
    try:
        yield opened
    finally:
        opened.ownership.release()


def _open(plan: Plan, spec_text: str, resume: str | None, changes: str) -> OpenedRun:
    passed_over: tuple[PassedOver, ...] = ()
    if resume is None or resume == "auto":
        run_dir, ownership, passed_over = find_restarted(plan)
        if run_dir is not None and ownership is not None:
            return OpenedRun(run_dir, ownership, True)
    if resume == "auto":
        run_dir, ownership, passed_over = find_unfinished(plan)
        if run_dir is not None and ownership is not None:
            sign_run(run_dir)
            return OpenedRun(run_dir, ownership, True, passed_over)
    elif resume is not None:
        run_dir = open_run(Path(resume))
        ownership = take_run(run_dir)
        try:
            _require_resumable(run_dir, plan, resume)
        except BaseException:
            ownership.release()
            raise
        return OpenedRun(run_dir, ownership, True)
    run_dir = start_run(plan, spec_text, changes)
    sign_run(run_dir)
    return OpenedRun(run_dir, take_run(run_dir), False, passed_over)


def is_complete(run_dir: RunDirectory) -> bool:
    """Whether a run is finished, and its model is as it saved it. A damaged model is saved again
    from the last checkpoint."""
    is_finished = run_dir.status().get("status") == "finished"
    return is_finished and find_damage(run_dir.model) is None


def _further(run_dir: RunDirectory) -> str:
    """How a finished run is trained further, and what that means."""
    if not is_complete(run_dir):
        return ""
    return (
        f'; to train its model further, start a new run with "model.checkpoint: {run_dir.model}", '
        "whose optimizer and learning rate start again"
    )


def _require_resumable(run_dir: RunDirectory, plan: Plan, resume: str) -> None:
    status = run_dir.status()
    if not status:
        raise UsageError(
            f'"{run_dir.path / "status.json"}" is damaged; restore it from a copy, or start a '
            "new run"
        )
    if status.get("plan") != plan.digest():
        raise UsageError(
            f'the spec is not the one that "{resume}" was started with; its resolved spec is '
            f'"{run_dir.resolved_spec}"{_further(run_dir)}'
        )
    if not is_complete(run_dir) and run_dir.latest_checkpoint() is None:
        raise UsageError(f'there is no checkpoint in "{resume}" to resume from; start a new run')
