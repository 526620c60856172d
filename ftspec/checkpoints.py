"""The checkpoints of a run: which of them are whole, and which have the state of the optimizer.
Imports without torch."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ftspec.manifest import find_damage, remove_files
from ftspec.rundir import RunDirectory

_DAMAGED = "damaged-"
"""The prefix of folders that are set aside. The Trainer counts and removes ``checkpoint-*``."""
_OPTIMIZER = "optimizer*"
_DEEPSPEED = "global_step*"
"""The files or folders of a checkpoint that have the state of the optimizer. That of DeepSpeed is
together with weights."""


class DamagedCheckpoint(NamedTuple):
    """A checkpoint that a run cannot go on from.

    Attributes:
        folder: its folder.
        damage: what is wrong with it.
    """

    folder: Path
    damage: str

    def __str__(self) -> str:
        return f"{self.folder.name}: {self.damage}"


class FoundCheckpoints(NamedTuple):
    """The checkpoint to go on from, and those that are passed over.

    Attributes:
        whole: the latest whole one.
        damaged: those with more steps, the latest first.
    """

    whole: Path | None
    damaged: tuple[DamagedCheckpoint, ...]


def find_checkpoints(run_dir: RunDirectory, *, to_train: bool = True) -> FoundCheckpoints:
    """The latest whole checkpoint of a run. Reads the files of those that it looks at.

    Args:
        run_dir: the run.
        to_train: training goes on from it, so that one without the state of the optimizer is not
            whole, unless no step is left.
    """
    damaged: list[DamagedCheckpoint] = []
    for _, folder in run_dir.checkpoints_by_step():
        damage = find_damage(folder)
        if damage is None and to_train and not (_has_optimizer(folder) or _is_last(folder)):
            damage = "it has no state of the optimizer, so training cannot go on from it"
        if damage is None:
            return FoundCheckpoints(folder, tuple(damaged))
        damaged.append(DamagedCheckpoint(folder, damage))
    return FoundCheckpoints(None, tuple(damaged))


def drop_optimizers(run_dir: RunDirectory) -> None:
    """Remove the state of the optimizer, most of a checkpoint, from all checkpoints of a finished
    run. It stays if no checkpoint is of the last step: a damaged model could not be saved again.

    Raises:
        OSError: a file cannot be removed.
    """
    checkpoints = run_dir.checkpoints_by_step()
    if not checkpoints or not _is_last(checkpoints[0][1]):
        return
    for _, folder in checkpoints:
        found = [path for top in folder.glob(_OPTIMIZER) for path in (top, *top.rglob("*"))]
        files = [path.relative_to(folder).as_posix() for path in found if path.is_file()]
        remove_files(folder, files)


def _has_optimizer(folder: Path) -> bool:
    return any(any(folder.glob(pattern)) for pattern in (_OPTIMIZER, _DEEPSPEED))


def _is_last(folder: Path) -> bool:
    """Whether a checkpoint is of the last step."""
    try:
        state = json.loads((folder / "trainer_state.json").read_text(encoding="utf-8"))
        return bool(state["global_step"] >= state["max_steps"] > 0)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def set_aside(damaged: Iterable[DamagedCheckpoint]) -> list[Path]:
    """Rename damaged checkpoints, so that later ones are not mixed with them; the new folders.

    Raises:
        OSError: a folder cannot be renamed.
    """
    return [_rename(one.folder) for one in damaged]


def _rename(folder: Path) -> Path:
    number = 1
    while True:
        end = "" if number == 1 else f"-{number}"
        aside = folder.with_name(f"{_DAMAGED}{folder.name}{end}")
        if not aside.exists():
            return folder.rename(aside)
        number += 1
