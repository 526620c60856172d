"""Run directories: new ones, and those to resume. Imports without torch."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from ftspec.calibration import CALIBRATION
from ftspec.checkpoints import find_checkpoints
from ftspec.errors import RunError, not_writable
from ftspec.manifest import find_damage
from ftspec.owner import Owner
from ftspec.ownership import Ownership, TakenError, take
from ftspec.planning.plan import Plan
from ftspec.resolved import resolved_text
from ftspec.rundir import (
    JoinedRunDirectory,
    RunDirectory,
    create_run_directory,
    runs_in,
    status_of,
)

UNTRAINED = "untrained"
"""The folder of evaluations of checkpoints that no run has trained."""

_ELSEWHERE = {"output": None}
_SECONDS_UNTIL_SEEN = 30.0
"""A shared folder may show late what another machine wrote."""


def start_run(plan: Plan, spec_text: str, changes: str = "") -> RunDirectory:
    """A new run directory with the spec in it. Its name ends with ``changes``.

    Raises:
        RunError: the folder cannot be made or written.
    """
    parent = plan.output_dir / plan.name
    try:
        run_dir = create_run_directory(parent, plan.digest(), changes)
        run_dir.write_text("spec.yaml", spec_text)
        run_dir.write_text(run_dir.resolved_spec.name, resolved_text(plan))
        run_dir.write_json("plan.json", plan.to_json())
        run_dir.set_status("created", plan=plan.digest())
    except OSError as error:
        raise _not_writable(parent, error) from error
    return run_dir


def start_evaluations(plan: Plan, spec_text: str) -> RunDirectory:
    """A new folder for evaluations of the checkpoint of a spec, beside the runs of the spec. It is
    no run: nothing is trained.

    Raises:
        RunError: the folder cannot be made or written.
    """
    parent = plan.output_dir / plan.name / UNTRAINED
    try:
        folder = create_run_directory(parent, plan.digest())
        folder.write_text("spec.yaml", spec_text)
        folder.write_text(folder.resolved_spec.name, resolved_text(plan))
        folder.write_json("plan.json", plan.to_json())
    except OSError as error:
        raise _not_writable(parent, error) from error
    return folder


def restore_files(plan: Plan, run_dir: RunDirectory) -> None:
    """Write again what a resumed run wrote when it began, if it is damaged or gone.

    Raises:
        RunError: a file cannot be written.
    """
    text = resolved_text(plan)
    try:
        if _settings_in(run_dir.resolved_spec) != yaml.safe_load(text) | _ELSEWHERE:
            run_dir.write_text(run_dir.resolved_spec.name, text)
            run_dir.write_json("plan.json", plan.to_json())
    except OSError as error:
        raise _not_writable(run_dir.path, error) from error


def _settings_in(spec: Path) -> Any:
    """What a resolved spec says, wherever its runs are; ``None`` if it cannot be read."""
    try:
        settings = yaml.safe_load(spec.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None
    return settings | _ELSEWHERE if isinstance(settings, dict) else None


class PassedOver(NamedTuple):
    """A run that ``--resume auto`` does not go on with.

    Attributes:
        folder: its folder.
        reason: why.
    """

    folder: Path
    reason: str

    def __str__(self) -> str:
        return f'"{self.folder}" is passed over: {self.reason}'


class Unfinished(NamedTuple):
    """The run to go on with, and those that are passed over.

    Attributes:
        run_dir: the newest one that can go on.
        ownership: this process owns it.
        passed_over: newer ones, the newest first.
    """

    run_dir: RunDirectory | None
    ownership: Ownership | None
    passed_over: tuple[PassedOver, ...]


def find_unfinished(plan: Plan) -> Unfinished:
    """The newest unfinished run of this plan that has a whole checkpoint, owned by this
    process."""
    passed_over: list[PassedOver] = []
    digest = plan.digest()
    unfinished = (
        run_dir
        for run_dir in reversed(runs_in(plan.output_dir / plan.name))
        if run_dir.status().get("status") != "finished"
    )
    others: list[Path] = []
    for run_dir in unfinished:
        if run_dir.status().get("plan", digest) != digest:
            others.append(run_dir.path)
            continue
        reason = _why_not(run_dir)
        if reason is None:
            try:
                ownership = take(run_dir.path)
                return Unfinished(run_dir, ownership, (*passed_over, *_of_another_plan(others)))
            except TakenError as error:
                reason = f"{error.owner or 'another process'} has it"
            except OSError as error:
                reason = f"it cannot be written: {error.strerror or error}"
        passed_over.append(PassedOver(run_dir.path, reason))
    return Unfinished(None, None, (*passed_over, *_of_another_plan(others)))


def _of_another_plan(folders: list[Path]) -> Iterator[PassedOver]:
    """One word for all runs of other plans: there may be many."""
    if folders:
        more = ", as others have" if len(folders) > 1 else ""
        yield PassedOver(
            folders[0], f"it has another plan{more} (see: ftspec diff {folders[0]} SPEC)"
        )


def _why_not(run_dir: RunDirectory) -> str | None:
    """Why an unfinished run of this plan cannot go on."""
    if not run_dir.status():
        return "its status.json is damaged"
    if run_dir.is_running():
        return f"{run_dir.owner()} has it"
    # with hashes: a run that cannot go on would be tried at every restart
    if find_checkpoints(run_dir).whole is None:
        return "it has no whole checkpoint"
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


def take_run(run_dir: RunDirectory) -> Ownership:
    """Own a run, until it is released.

    Raises:
        RunError: another process has it, or it cannot be written.
    """
    try:
        return take(run_dir.path)
    except TakenError as error:
        raise run_in_use(run_dir, error.owner) from None
    except OSError as error:
        raise not_writable(run_dir.path, error) from error


@contextmanager
def owned_run(run_dir: RunDirectory) -> Iterator[Ownership]:
    """Own a run, until the end of the ``with`` block.

    Raises:
        RunError: another process has it, or it cannot be written.
    """
    ownership = take_run(run_dir)
    try:
        yield ownership
    finally:
        ownership.release()


def run_in_use(run_dir: RunDirectory, owner: Owner | None) -> RunError:
    """The error of a run that another process has."""
    return RunError(
        f'another process has the run in "{run_dir.path}"'
        + ("" if owner is None else f": {owner}"),
        slug="run-in-use",
        helps=("wait until it ends, or stop it; then resume again",),
    )


def require_model(run_dir: RunDirectory, *, with_hashes: bool = False) -> None:
    """Check that a run has a whole model to predict with.

    Args:
        run_dir: the run.
        with_hashes: read all its files. Without it, names and sizes are compared.

    Raises:
        RunError: it has none.
    """
    command = ("ftspec", "run", str(run_dir.resolved_spec), "--resume", str(run_dir.path))
    go_on = f"resume it with: {shlex.join(command)}"
    if not run_dir.model.is_dir():
        raise RunError(
            f'the run in "{run_dir.path}" has no model: its status is "{status_of(run_dir)}"',
            slug="no-model",
            helps=(go_on,),
        )
    damage = find_damage(run_dir.model, with_hashes=with_hashes)
    if damage is not None:
        if f'"{CALIBRATION}"' in damage:
            reset = shlex.join(("ftspec", "calibrate", str(run_dir.path), "--reset"))
            go_on = f"remove the calibration with: {reset}"
        raise RunError(
            f'the model in "{run_dir.model}" is not as the run saved it: {damage} '
            f'(the status of the run is "{status_of(run_dir)}")',
            slug="no-model",
            helps=(go_on,),
        )


def _not_writable(folder: Path, error: OSError) -> RunError:
    helps = ("choose another folder: --output-dir DIR",)
    return not_writable(folder, error, at=("output", "dir"), helps=helps)
