"""The best checkpoint, remembered by its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from ftspec.rundir import RunDirectory, write_atomically


class BestCheckpoint(TrainerCallback):
    """Writes the name of the best checkpoint into the state of each checkpoint, in place of its
    path: the path may come from the environment, and is another one once the run has been moved."""

    def __init__(self, run_dir: RunDirectory) -> None:
        self._folder = run_dir.checkpoints

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """In a run resumed, find the checkpoint where the run is now."""
        if state.best_model_checkpoint is not None:
            name = Path(state.best_model_checkpoint).name
            state.best_model_checkpoint = str(self._folder / name)

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Leave the path out of what was just saved."""
        name = f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}"
        path = self._folder / name / TRAINER_STATE_NAME
        if not state.is_world_process_zero or state.best_model_checkpoint is None:
            return
        saved = json.loads(path.read_text(encoding="utf-8"))
        saved["best_model_checkpoint"] = Path(state.best_model_checkpoint).name
        write_atomically(path, json.dumps(saved, indent=2, sort_keys=True) + "\n")
