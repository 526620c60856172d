"""What the Trainer logs goes to the watcher, to ``metrics.jsonl`` and to TensorBoard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from transformers import TrainerControl, TrainerState, TrainingArguments

from ftspec.engine.callbacks.reporter import Reporter
from ftspec.engine.callbacks.tensorboard import TensorBoard
from ftspec.engine.progress.run_log import RunLog
from ftspec.engine.trainer.logged_metrics import bare_metrics
from ftspec.rundir import RunDirectory
from tests.engine.running import Recorder

EVALUATION = {
    "eval_loss": 1.25,
    "eval_f1": 0.5,
    "eval_runtime": 3.0,
    "eval_samples_per_second": 10.0,
    "eval_steps_per_second": 2.0,
    "eval_model_preparation_time": 0.1,
    "epoch": 1.0,
}


@pytest.fixture
def arguments(tmp_path: Path) -> TrainingArguments:
    return TrainingArguments(output_dir=str(tmp_path / "out"), report_to=[])


def state_at(step: int, is_first: bool = True) -> TrainerState:
    return TrainerState(global_step=step, max_steps=10, is_world_process_zero=is_first)


@pytest.mark.parametrize(
    ("logs", "prefix", "metrics"),
    [
        (EVALUATION, "eval", {"loss": 1.25, "f1": 0.5}),
        (
            {"test_loss": 1.0, "test_pearson": 0.1, "eval_f1": 1.0},
            "test",
            {"loss": 1.0, "pearson": 0.1},
        ),
        ({"loss": 1.0}, "eval", {}),
    ],
)
def test_bare_metrics(logs: dict[str, float], prefix: str, metrics: dict[str, float]) -> None:
    assert bare_metrics(logs, prefix) == metrics


def test_reporter(tmp_path: Path, arguments: TrainingArguments) -> None:
    watcher, run_dir = Recorder(), RunDirectory(tmp_path)
    latest: list[dict[str, float]] = []
    watcher.step = lambda done, total, logs: latest.append(dict(logs))  # type: ignore[method-assign,assignment]
    with RunLog(run_dir.log, watcher) as log:
        reporter, control = Reporter(log, run_dir), TrainerControl()
        reporter.on_step_end(arguments, state_at(1), control)
        step = {"loss": 2.0, "grad_norm": 1.0, "learning_rate": 1e-3, "epoch": 0.5}
        reporter.on_log(arguments, state_at(1), control, logs=step)
        reporter.on_step_end(arguments, state_at(2), control)
        reporter.on_log(arguments, state_at(2), control, logs=EVALUATION)
        reporter.on_log(arguments, state_at(2), control, logs={"test_loss": 1.0})
        reporter.on_log(arguments, state_at(2), control, logs={"train_runtime": 1.0})
        reporter.on_log(arguments, state_at(2), control, logs=None)
    assert latest == [{}, {"loss": 2.0, "learning_rate": 1e-3}]
    assert watcher.evaluations == [
        ("validation", {"loss": 1.25, "f1": 0.5}, 2),
        ("test", {"loss": 1.0}, 2),
    ]
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert lines == [
        {"step": 1, **step},
        {"step": 2, **EVALUATION},
        {"step": 2, "test_loss": 1.0},
        {"step": 2, "train_runtime": 1.0},
    ]


def test_one_process_of_several_reports(tmp_path: Path, arguments: TrainingArguments) -> None:
    watcher, run_dir = Recorder(), RunDirectory(tmp_path)
    with RunLog(run_dir.log, watcher) as log:
        reporter = Reporter(log, run_dir)
        reporter.on_step_end(arguments, state_at(1, is_first=False), TrainerControl())
        reporter.on_log(
            arguments, state_at(1, is_first=False), TrainerControl(), logs={"loss": 1.0}
        )
    assert watcher.steps == []
    assert not (tmp_path / "metrics.jsonl").exists()


def test_tensorboard_has_the_spec_and_no_arguments(
    tmp_path: Path, arguments: TrainingArguments
) -> None:
    run_dir = RunDirectory(tmp_path)
    run_dir.write_text("spec.resolved.yaml", "ftspec: 1\nname: বাংলা\n")
    board, control = TensorBoard(run_dir, {"seed": 1}), TrainerControl()
    board.on_train_begin(arguments, state_at(0), control, model=None)
    board.on_log(arguments, state_at(1), control, logs={"loss": 2.0, "eval_f1": 0.5})
    board.on_train_end(arguments, state_at(1), control)
    # the last evaluation comes after training has ended
    board.on_log(arguments, state_at(1), control, logs={"test_f1": 0.25})
    board.on_train_end(arguments, state_at(1), control)
    events = EventAccumulator(str(run_dir.tensorboard))
    events.Reload()
    tags: dict[str, Any] = events.Tags()
    values = {tag: events.Scalars(tag)[0].value for tag in tags["scalars"]}
    assert values == {"train/loss": 2.0, "eval/f1": 0.5, "test/f1": 0.25}
    assert tags["tensors"] == ["spec/text_summary"]
    (text,) = events.Tensors("spec/text_summary")[0].tensor_proto.string_val
    assert text.decode() == "```yaml\nftspec: 1\nname: বাংলা\n\n```"
