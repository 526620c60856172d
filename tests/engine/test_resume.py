"""A run that was stopped and resumed is the run that was never stopped."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ftspec.engine.progress.outcome import Outcome, RunInterruptedError
from ftspec.errors import RunError
from ftspec.rundir import RunDirectory
from tests.engine import rows
from tests.engine.running import Engine, Recorder, logged

pytestmark = pytest.mark.slow

STEPS = 20

CLASSIFICATION = """\
ftspec: 1
name: topics
data:
  source: {type: json, files: "%(rows)s"}
  splits: {train: "train[:50]", validation: "train[50:60]"}
preprocess: {template: {text: "{text}", label: "{topic}"}}
tokenizer: {max_length: 32}
model: {checkpoint: "%(model)s"}
task: text-classification
"""
GENERATION = """\
ftspec: 1
name: paragraphs
data:
  source: {type: json, files: "%(rows)s"}
  splits: {train: "train[:24]", validation: "train[24:30]"}
preprocess: {template: {text: "{text}"}}
tokenizer: {max_length: 32}
model: {checkpoint: "%(model)s"}
task: text-generation
"""
TRAINING = f"""\
training:
  max_steps: {STEPS}
  per_device_train_batch_size: 4
  gradient_accumulation_steps: 2
  learning_rate: 1e-3
  warmup_steps: 5
  logging_steps: 1
  save_strategy: steps
  save_steps: 8
  eval_strategy: steps
  eval_steps: 5
performance: {{precision: fp32}}
"""


@pytest.fixture(params=["text-classification", "text-generation"])
def spec(request: pytest.FixtureRequest) -> str:
    """A spec of either family, with dropout. An epoch of the classifier has seven steps."""
    if request.param == "text-classification":
        text, model, file = CLASSIFICATION, "bert", "glosses"
    else:
        text, model, file = GENERATION, "gpt2", "paragraphs"
    names = {"model": request.getfixturevalue(model), "rows": request.getfixturevalue(file)}
    return text % names + TRAINING


@pytest.fixture
def classification(bert: Path, glosses: Path) -> str:
    """The spec of the classifier alone."""
    return CLASSIFICATION % {"model": bert, "rows": glosses} + TRAINING


Whole = Callable[..., Outcome]


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The run of a spec with overrides that nothing stopped. Tests share it."""
    engine = Engine(tmp_path_factory.mktemp("whole"))
    return cache(engine.execute)


def interrupt_at(step: int) -> Recorder:
    """A watcher that presses Ctrl-C after a step."""

    def press(done: int) -> None:
        if done == step:
            os.kill(os.getpid(), signal.SIGINT)

    return Recorder(at_step=press)


def interrupted(
    engine: Engine, spec: str, step: int, *overrides: str, resume: RunDirectory | None = None
) -> RunDirectory:
    """A run stopped after ``step``."""
    with pytest.raises(RunInterruptedError) as stop:
        engine.execute(spec, *overrides, watcher=interrupt_at(step), resume=resume)
    run_dir = stop.value.run_dir
    assert run_dir.status()["status"] == "interrupted"
    assert stop.value.checkpoint == run_dir.checkpoints / f"checkpoint-{step}"
    return run_dir


def curve(run_dir: RunDirectory, name: str) -> dict[int, float]:
    """A logged number by step; no step has it twice."""
    records = [(record["step"], record[name]) for record in logged(run_dir) if name in record]
    assert len(dict(records)) == len(records)
    return dict(records)


@pytest.mark.parametrize("step", [3, 10])
def test_ten_and_ten_steps_are_twenty(
    engine: Engine, whole_run: Whole, spec: str, step: int
) -> None:
    """In the first epoch and in a later one; the logs, the metrics and the weights agree."""
    whole = whole_run(spec)
    run_dir = interrupted(engine, spec, step)
    assert list(curve(run_dir, "loss")) == list(range(1, step + 1))

    resumed = engine.execute(spec, resume=run_dir)

    assert resumed.run_dir == run_dir
    assert run_dir.status()["status"] == "finished"
    assert list(curve(run_dir, "loss")) == list(range(1, STEPS + 1))
    for name in ("loss", "grad_norm", "learning_rate", "eval_loss"):
        assert curve(run_dir, name) == pytest.approx(curve(whole.run_dir, name), abs=1e-5), name
    assert set(resumed.metrics) == set(whole.metrics)
    for split, metrics in whole.metrics.items():
        assert resumed.metrics[split] == pytest.approx(metrics, abs=1e-5), split
    assert (run_dir.model / "model.safetensors").read_bytes() == (
        whole.run_dir.model / "model.safetensors"
    ).read_bytes()
    left = {path.name for path in run_dir.checkpoints.rglob("*")}
    assert ("model.safetensors" in left, "optimizer.pt" in left) == (True, False)


def test_a_run_may_stop_more_than_once(
    engine: Engine, whole_run: Whole, classification: str
) -> None:
    whole = whole_run(classification)
    run_dir = interrupted(engine, classification, 6)
    interrupted(engine, classification, 13, resume=run_dir)
    # at the very end: all is learned, and nothing yet evaluated or saved
    interrupted(engine, classification, STEPS, resume=run_dir)
    assert not run_dir.model.exists()

    resumed = engine.execute(classification, resume=run_dir)

    assert list(curve(run_dir, "loss")) == list(range(1, STEPS + 1))
    assert resumed.metrics["validation"] == pytest.approx(whole.metrics["validation"], abs=1e-5)
    assert resumed.metrics["train"] == pytest.approx(whole.metrics["train"], abs=1e-5)


class BrokenWatcher(Recorder):
    """Breaks a run when all steps are made."""

    def phase(self, name: str) -> None:
        if name == "evaluating":
            raise OSError("the disk is full")


def test_a_loss_that_was_never_logged_is_known(engine: Engine, classification: str) -> None:
    """All steps were made, and nothing was said of them, before the run broke down."""
    quiet = classification.replace("logging_steps: 1\n", "logging_steps: 1000\n")
    quiet = quiet.replace("save_steps: 8\n", f"save_steps: {STEPS}\n")
    with pytest.raises(Exception, match="the disk is full"):
        engine.execute(quiet, watcher=BrokenWatcher())

    resumed = engine.execute(quiet, resume=engine.runs()[-1])

    whole = engine.execute(quiet)
    assert resumed.metrics["train"] == pytest.approx(whole.metrics["train"], abs=1e-5)
    assert resumed.metrics["validation"]["loss"] > 0


def test_a_stream_of_which_all_steps_were_made_begins_no_epoch(
    engine: Engine, classification: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has as many epochs as there are numbers."""
    trainer = engine.compile(
        classification, "training.max_steps=2", "training.save_steps=2"
    ).trainer
    rows: Any = trainer.train_dataset
    trainer.train_dataset = rows.to_iterable_dataset()
    trainer.train()
    run_epoch, epochs = trainer._run_epoch, count(1)

    def count_epoch(*arguments: Any, **options: Any) -> None:
        assert next(epochs) < 10
        run_epoch(*arguments, **options)

    monkeypatch.setattr(trainer, "_run_epoch", count_epoch)
    trainer.train(resume_from_checkpoint=True)

    assert trainer.state.global_step == 2


def test_a_broken_run_goes_on_from_its_last_checkpoint(
    engine: Engine, whole_run: Whole, classification: str
) -> None:
    """Steps made after that checkpoint are made again, and stand once in the logs."""
    whole = whole_run(classification)

    def break_down(done: int) -> None:
        if done == 11:
            raise OSError("the disk is full")

    with pytest.raises(Exception, match="the disk is full"):
        engine.execute(classification, watcher=Recorder(at_step=break_down))
    run_dir = engine.runs()[-1]
    assert run_dir.status()["status"] == "failed"

    resumed = engine.execute(classification, resume=run_dir)

    assert list(curve(run_dir, "loss")) == list(range(1, STEPS + 1))
    assert curve(run_dir, "loss") == pytest.approx(curve(whole.run_dir, "loss"), abs=1e-5)
    assert resumed.metrics["train"] == pytest.approx(whole.metrics["train"], abs=1e-5)
    events = EventAccumulator(str(run_dir.tensorboard)).Reload().Scalars("train/loss")
    assert [event.step for event in events] == list(range(1, STEPS + 1))


def test_patience_is_remembered(engine: Engine, classification: str) -> None:
    """Early stopping counts the evaluations before the interruption as well."""
    spec = classification + "callbacks: [{type: early-stopping, patience: 2}]\n"
    # nothing is learned, so no evaluation is better than the first, at step 5
    settings = ("training.learning_rate=0.0", "training.save_steps=5")
    whole = engine.execute(spec, *settings)
    assert max(curve(whole.run_dir, "loss")) == 15

    run_dir = interrupted(engine, spec, 12, *settings)
    engine.execute(spec, *settings, resume=run_dir)
    assert max(curve(run_dir, "loss")) == 15

    # impatient already when it was interrupted
    run_dir = interrupted(engine, spec, 15, *settings)
    engine.execute(spec, *settings, resume=run_dir)
    assert max(curve(run_dir, "loss")) == 15


@pytest.mark.parametrize("step", [3, 7, 10])
def test_evaluations_by_epoch_stay_where_they_were(
    engine: Engine, whole_run: Whole, classification: str, step: int
) -> None:
    """An epoch has seven steps: none is evaluated where the run was interrupted alone."""
    settings = ("training.eval_strategy=epoch", "training.save_strategy=epoch")
    whole = whole_run(classification, *settings)
    run_dir = interrupted(engine, classification, step, *settings)
    engine.execute(classification, *settings, resume=run_dir)

    expected, found = curve(whole.run_dir, "eval_loss"), curve(run_dir, "eval_loss")
    assert expected.keys() == found.keys() == {7, 14, 20}
    assert found == pytest.approx(expected, abs=1e-5)
    assert curve(run_dir, "loss") == pytest.approx(curve(whole.run_dir, "loss"), abs=1e-5)


@pytest.fixture
def own_glosses(tmp_path: Path) -> Path:
    """A file of rows that a test may change."""
    return rows.write_rows(tmp_path / "own.jsonl", rows.glosses(60))


def test_changed_data_is_refused(engine: Engine, bert: Path, own_glosses: Path) -> None:
    spec = CLASSIFICATION % {"model": bert, "rows": own_glosses} + TRAINING
    run_dir = interrupted(engine, spec, 2)
    lock = run_dir.read_json("lock.json")
    changed = rows.glosses(60)
    changed[3]["text"] += " indeed"
    rows.write_rows(own_glosses, changed)

    with pytest.raises(RunError, match="the data changed since the run began") as refusal:
        engine.execute(spec, resume=run_dir)

    assert refusal.value.slug == "lock-drift"
    assert run_dir.read_json("lock.json") == lock
    # and as before it goes on
    rows.write_rows(own_glosses, rows.glosses(60))
    engine.execute(spec, resume=run_dir)
    assert run_dir.status()["status"] == "finished"
