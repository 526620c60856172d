"""Ends a run that another machine has taken."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ftspec.errors import RunError
from ftspec.ownership import Ownership, owner_of
from ftspec.rundir import RunDirectory


class OwnershipCheck(TrainerCallback):
    """Two processes must not write the checkpoints of one run. A machine that stood still, or lost
    its file system for a while, may come back when another one has already gone on."""

    def __init__(self, ownership: Ownership, run_dir: RunDirectory) -> None:
        self._ownership = ownership
        self._run_dir = run_dir

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """End the run, before the Trainer saves.

        Raises:
            RunError: another process has the run.
        """
        if self._ownership.is_lost:
            raise RunError(
                f"{owner_of(self._run_dir.path) or 'another process'} has taken the run in "
                f'"{self._run_dir.path}", since this one stood still for too long',
                slug="run-in-use",
                helps=("nothing is to be done here: the run goes on there",),
            )
