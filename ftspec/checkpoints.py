"""The checkpoints of a run: which of them are whole. Imports without torch."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ftspec.manifest import find_damage
from ftspec.rundir import RunDirectory

_DAMAGED = "damaged-"
"""The prefix of folders that are set aside. The Trainer counts and removes ``checkpoint-*``."""


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


def find_checkpoints(run_dir: RunDirectory) -> FoundCheckpoints:
    """The latest whole checkpoint of a run. Reads the files of those that it looks at."""
    damaged: list[DamagedCheckpoint] = []
    for _, folder in run_dir.checkpoints_by_step():
        damage = find_damage(folder)
        if damage is None:
            return FoundCheckpoints(folder, tuple(damaged))
        damaged.append(DamagedCheckpoint(folder, damage))
    return FoundCheckpoints(None, tuple(damaged))


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
