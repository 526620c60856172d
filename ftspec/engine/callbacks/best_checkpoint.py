"""The best checkpoint, by its name."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ftspec.rundir import RunDirectory


class BestCheckpoint(TrainerCallback):
    """Writes the name of the best checkpoint to the state of each checkpoint, not its path. A path
    may come from the environment, and it changes when the run is moved."""

    def __init__(self, run_dir: RunDirectory) -> None:
        self._folder = run_dir.checkpoints

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Find the best checkpoint where the run is now."""
        if state.best_model_checkpoint is not None:
            name = Path(state.best_model_checkpoint).name
            state.best_model_checkpoint = str(self._folder / name)
        # to rewrite the file later would leave the path on the disk for a moment
        state.save_to_json = partial(_save_without_path, state)  # type: ignore[method-assign]


def _save_without_path(state: TrainerState, json_path: str) -> None:
    best = state.best_model_checkpoint
    name = Path(best).name if best is not None else None
    dataclasses.replace(state, best_model_checkpoint=name).save_to_json(json_path)
