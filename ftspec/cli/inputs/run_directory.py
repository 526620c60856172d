"""The run directory that ``ftspec run`` writes to: a new one, or the one to resume."""

from __future__ import annotations

from pathlib import Path

from ftspec.engine.run.opening import find_unfinished, open_run, start_run
from ftspec.errors import UsageError
from ftspec.manifest import find_damage
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory


def open_run_directory(plan: Plan, spec_text: str, resume: str | None) -> tuple[RunDirectory, bool]:
    """The run directory, and whether its run is resumed.

    Args:
        plan: the plan to run.
        spec_text: the text of the spec, copied to a new run directory.
        resume: the value of ``--resume``: a run directory, ``auto`` or nothing.

    Raises:
        RunError: a new directory cannot be written, or ``resume`` is not a run directory.
        UsageError: the run cannot be resumed: it has another plan, still runs, or has no
            checkpoint.
    """
    if resume is None:
        return start_run(plan, spec_text), False
    if resume == "auto":
        unfinished = find_unfinished(plan)
        if unfinished is not None:
            return unfinished, True
        return start_run(plan, spec_text), False
    run_dir = open_run(Path(resume))
    _require_resumable(run_dir, plan, resume)
    return run_dir, True


def is_complete(run_dir: RunDirectory) -> bool:
    """Whether a run is finished, and its model is as it saved it. A damaged model is saved again
    from the last checkpoint."""
    is_finished = run_dir.status().get("status") == "finished"
    return is_finished and find_damage(run_dir.model) is None


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
            f'"{run_dir.resolved_spec}"'
        )
    if run_dir.is_running():
        raise UsageError(f'the run in "{resume}" is still running, as process {status["pid"]}')
    if not is_complete(run_dir) and run_dir.latest_checkpoint() is None:
        raise UsageError(f'there is no checkpoint in "{resume}" to resume from; start a new run')
