"""The checkpoints of a run that a command line names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ftspec.checkpoints import find_checkpoints
from ftspec.errors import UsageError
from ftspec.manifest import find_damage
from ftspec.rundir import RunDirectory


def checkpoints_of(run: RunDirectory, choice: str) -> list[Path]:
    """The folders of ``latest``, ``best``, ``all`` (in the order of steps) or one step.

    Raises:
        UsageError: there is none, or it is damaged.
    """
    if choice == "latest":
        found = find_checkpoints(run, to_train=False).whole
        if found is None:
            raise UsageError(f'there is no whole checkpoint in "{run.checkpoints}"')
        return [found]
    folders = {str(step): folder for step, folder in reversed(run.checkpoints_by_step())}
    if choice == "all":
        if not folders:
            raise UsageError(f'there is no checkpoint in "{run.checkpoints}"')
        return [_whole(folder) for folder in folders.values()]
    step = _best_step(run) if choice == "best" else choice
    if step not in folders:
        steps = ", ".join(folders) or "none"
        raise UsageError(f'the run has no checkpoint of step "{step}"; it has those of: {steps}')
    return [_whole(folders[step])]


def _whole(folder: Path) -> Path:
    damage = find_damage(folder)
    if damage is not None:
        raise UsageError(f'the checkpoint in "{folder}" is damaged: {damage}')
    return folder


def _best_step(run: RunDirectory) -> str:
    """The step of the best checkpoint, as the latest one says."""
    latest = find_checkpoints(run, to_train=False).whole
    if latest is None:
        raise UsageError(f'there is no whole checkpoint in "{run.checkpoints}"')
    try:
        text = (latest / "trainer_state.json").read_text(encoding="utf-8")
        best: Any = json.loads(text).get("best_model_checkpoint")
    except (OSError, ValueError, AttributeError):
        best = None
    if not isinstance(best, str):
        raise UsageError(
            'the run did not compare its checkpoints; with "metric_for_best_model", or the '
            'callback "best-model", it does'
        )
    return Path(best).name.rpartition("-")[2]
