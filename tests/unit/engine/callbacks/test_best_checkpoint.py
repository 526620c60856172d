"""The state of a checkpoint never holds the path of the best one, and finds it again."""

from __future__ import annotations

import json
from pathlib import Path

from transformers import TrainerControl, TrainerState, TrainingArguments

from ftspec.engine.callbacks.best_checkpoint import BestCheckpoint
from ftspec.rundir import RunDirectory


def begin(folder: Path, state: TrainerState) -> TrainerState:
    """The state once training of a run in a folder has begun."""
    arguments = TrainingArguments(output_dir=str(folder / "checkpoints"), use_cpu=True)
    BestCheckpoint(RunDirectory(folder)).on_train_begin(arguments, state, TrainerControl())
    return state


def test_path_is_in_no_file_and_the_run_may_be_moved(tmp_path: Path) -> None:
    before, after = tmp_path / "hush-before", tmp_path / "after"
    state = begin(before, TrainerState(global_step=7, best_metric=0.5))
    best = str(before / "checkpoints" / "checkpoint-7")
    state.best_model_checkpoint = best
    file = tmp_path / "trainer_state.json"

    state.save_to_json(str(file))

    assert state.best_model_checkpoint == best  # the Trainer loads it from there
    assert "hush" not in file.read_text(encoding="utf-8")
    saved = json.loads(file.read_bytes())
    assert (saved["best_model_checkpoint"], saved["best_metric"]) == ("checkpoint-7", 0.5)
    moved = begin(after, TrainerState.load_from_json(str(file)))
    assert moved.best_model_checkpoint == str(after / "checkpoints" / "checkpoint-7")


def test_run_without_a_best_checkpoint_has_none(tmp_path: Path) -> None:
    state = begin(tmp_path, TrainerState())
    state.save_to_json(str(tmp_path / "state.json"))
    assert json.loads((tmp_path / "state.json").read_bytes())["best_model_checkpoint"] is None
