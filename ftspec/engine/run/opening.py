"""Run directories: new ones, and those to resume. Imports without torch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ftspec.errors import RunError
from ftspec.manifest import find_damage
from ftspec.ownership import TakenError, take
from ftspec.planning.plan import Plan
from ftspec.resolved import resolved_text
from ftspec.rundir import (
    JoinedRunDirectory,
    RunDirectory,
    create_run_directory,
    runs_in,
    status_of,
)

_SECONDS_UNTIL_SEEN = 30.0
"""A shared folder may show late what another machine wrote."""


def start_run(plan: Plan, spec_text: str) -> RunDirectory:
    """A new run directory with the spec in it.

    Raises:
        RunError: the folder cannot be made or written.
    """
    parent = plan.output_dir / plan.name
    try:
        run_dir = create_run_directory(parent, plan.digest())
        run_dir.write_text("spec.yaml", spec_text)
        run_dir.write_text(run_dir.resolved_spec.name, resolved_text(plan))
        run_dir.write_json("plan.json", plan.to_json())
        run_dir.set_status("created", plan=plan.digest())
    except OSError as error:
        raise _not_writable(parent, error) from error
    return run_dir


def find_unfinished(plan: Plan) -> RunDirectory | None:
    """The newest unfinished run of this plan that has a checkpoint."""
    for run_dir in reversed(runs_in(plan.output_dir / plan.name)):
        status = run_dir.status()
        is_same = status.get("plan") == plan.digest() and status.get("status") != "finished"
        if is_same and not run_dir.is_running() and run_dir.latest_checkpoint() is not None:
            return run_dir
    return None


def open_run(path: Path) -> RunDirectory:
    """The run in a folder.

    Raises:
        RunError: it is not a run directory.
    """
    run_dir = RunDirectory(path)
    if not (path / "status.json").is_file() or not run_dir.resolved_spec.is_file():
        raise RunError(f'"{path}" is not a run directory', slug="no-run")
    return run_dir


def join_run(path: Path, rank: int) -> JoinedRunDirectory:
    """The run that the first process opened, for another process.

    Raises:
        RunError: this machine does not see the directory.
    """
    until = time.monotonic() + _SECONDS_UNTIL_SEEN
    while not (path / "status.json").is_file():
        if time.monotonic() > until:
            raise RunError(
                f'this machine does not see the run directory "{path}" that the first process made',
                slug="output-not-shared",
                at=("output", "dir"),
                helps=("choose a folder that all machines share: --output-dir DIR",),
            )
        time.sleep(0.1)
    run_dir = JoinedRunDirectory(path, rank)
    try:
        run_dir.log.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise _not_writable(path, error) from error
    return run_dir


@contextmanager
def owned_run(run_dir: RunDirectory) -> Iterator[None]:
    """Own a run, until the end of the ``with`` block.

    Raises:
        RunError: another process has it.
    """
    try:
        lock = take(run_dir.path)
    except TakenError:
        status = run_dir.status()
        raise RunError(
            f'another process has the run in "{run_dir.path}": process {status.get("pid")} on '
            f'"{status.get("host")}"',
            slug="run-in-use",
            helps=("wait until it ends, or stop it; then resume again",),
        ) from None
    try:
        yield
    finally:
        lock.release()


def require_model(run_dir: RunDirectory, *, with_hashes: bool = False) -> None:
    """Check that a run has a whole model to predict with.

    Args:
        run_dir: the run.
        with_hashes: read all its files. Without it, names and sizes are compared.

    Raises:
        RunError: it has none.
    """
    go_on = f"resume it with: ftspec run {run_dir.resolved_spec} --resume {run_dir.path}"
    if not run_dir.model.is_dir():
        raise RunError(
            f'the run in "{run_dir.path}" has no model: its status is "{status_of(run_dir)}"',
            slug="no-model",
            helps=(go_on,),
        )
    damage = find_damage(run_dir.model, with_hashes=with_hashes)
    if damage is not None:
        raise RunError(
            f'the model in "{run_dir.model}" is not as the run saved it: {damage} '
            f'(the status of the run is "{status_of(run_dir)}")',
            slug="no-model",
            helps=(go_on,),
        )


def _not_writable(folder: Path, error: OSError) -> RunError:
    return RunError(
        f'cannot write to "{folder}": {error.strerror or error}',
        slug="output-not-writable",
        at=("output", "dir"),
        helps=("choose another folder: --output-dir DIR",),
    )
