"""A run whose losses are no numbers says so, and does not finish."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainerControl, TrainerState

from ftspec.errors import RunError
from tests.engine.running import Engine, Recorder

TRAINING = """\
training:
  max_steps: 8
  learning_rate: %s
  lr_scheduler_type: constant
  max_grad_norm: 0
  per_device_train_batch_size: 4
  gradient_accumulation_steps: 2
  logging_steps: 2
  save_steps: 1
  eval_strategy: steps
  eval_steps: 4
metrics: [accuracy]
callbacks: [{type: divergence, patience: %s}]
"""


def only_numbers(path: Path) -> list[Any]:
    """The values of a file of JSON lines. Python would read NaN too."""

    def refuse(name: str) -> None:
        raise AssertionError(name)

    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line, parse_constant=refuse) for line in lines]


def test_a_run_that_diverges_fails(engine: Engine, classifier_spec: str) -> None:
    watcher = Recorder()
    spec = classifier_spec + TRAINING.replace("save_steps: 1", "save_steps: 4") % ("1e30", 3)
    with pytest.raises(RunError) as stop:
        engine.execute(spec, watcher=watcher)

    (run_dir,) = engine.runs()
    assert stop.value.slug == "diverged"
    assert stop.value.headline.startswith("the run diverged: the loss of step 2 is no number")
    assert any("learning_rate" in text for text in stop.value.helps)
    assert run_dir.status()["status"] == "failed"
    assert "the loss of step 2 is no number" in watcher.notes
    assert run_dir.latest_checkpoint() is None  # none is saved of such weights
    records = only_numbers(run_dir.path / "metrics.jsonl")
    assert [one["loss"] for one in records if "loss" in one] == [None]


def lose(trainer: Any, parts: set[int]) -> None:
    """Let some parts of steps say that they have no loss, and learn all the same."""
    learn, learned = trainer._compute_part, 0

    def compute(*arguments: object) -> torch.Tensor:
        nonlocal learned
        learned += 1
        loss: torch.Tensor = learn(*arguments)
        return loss * math.nan if learned in parts else loss

    trainer._compute_part = compute


def test_one_step_without_a_loss_is_said_and_survived(engine: Engine, classifier_spec: str) -> None:
    spec = classifier_spec + TRAINING % ("1e-3", 2)
    run = engine.compile(spec)
    notes: list[str] = []
    callback = next(
        one for one in run.trainer.callback_handler.callbacks if type(one).__name__ == "Divergence"
    )
    callback._note = notes.append
    lose(run.trainer, {6})  # of the third step
    run.trainer.train()

    assert notes == ["the loss of step 3 is no number"]
    losses = [one["loss"] for one in run.trainer.state.log_history if "loss" in one]
    assert [math.isfinite(loss) for loss in losses] == [True, False, True, True]
    saved = {path.name for path in Path(run.trainer.args.output_dir).iterdir()}
    assert saved == {f"checkpoint-{step}" for step in (1, 2, 4, 5, 6, 7, 8)}

    # and two in a row end it, with the checkpoint before them
    lose(run.trainer, {12, 14})
    with pytest.raises(
        RunError, match=r"the loss of step 6 is no number, 2 times in a row"
    ) as stop:
        run.trainer.train()
    assert "checkpoint-4" in stop.value.helps[0]

    # a split without a loss is said, and its model is not the best, whatever it guesses
    trainer = run.trainer
    trainer.state = TrainerState()
    trainer.args.metric_for_best_model, trainer.args.greater_is_better = "accuracy", True
    metrics = {"eval_loss": math.nan, "eval_accuracy": 1.0}
    assert not trainer._determine_best_metric(metrics, None)
    assert trainer._determine_best_metric(metrics | {"eval_loss": 1.0}, None)
    callback.on_evaluate(trainer.args, trainer.state, TrainerControl(), metrics=metrics)
    assert notes[-1] == "the validation loss after step 0 is no number: nan"


def test_without_patience_it_is_only_said(engine: Engine, classifier_spec: str) -> None:
    spec = classifier_spec + TRAINING % ("1e30", "null")
    watcher = Recorder()
    run_dir = engine.execute(spec, watcher=watcher).run_dir
    assert run_dir.status()["status"] == "finished"
    assert "the loss of step 2 is no number" in watcher.notes
    assert any("the validation loss after step 8 is no number" in note for note in watcher.notes)
    (metrics,) = only_numbers_in(run_dir.path / "metrics.json")
    assert metrics["train"]["loss"] is None
    assert "no number" in (run_dir.path / "report.html").read_text(encoding="utf-8")


def only_numbers_in(path: Path) -> list[Any]:
    """The value of a JSON file."""
    text = path.read_text(encoding="utf-8")
    assert "NaN" not in text
    assert "Infinity" not in text
    return [json.loads(text)]
