"""A resumed run logs what the run without a stop logs, row by row, up to times."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ftspec.engine.callbacks.loss_sums import rows_at
from ftspec.engine.progress.outcome import RunFailedError, RunInterruptedError
from ftspec.rundir import RunDirectory
from tests.engine.running import Engine, Recorder, logged

pytestmark = pytest.mark.slow

SPEC = """\
ftspec: 1
name: topics
data:
  source: {type: json, files: "%s"}
  splits: {train: "train[:40]", validation: "train[40:48]", test: "train[48:56]"}
preprocess: {template: {text: "{text}", label: "{topic}"}}
tokenizer: {max_length: 32}
model: {checkpoint: "%s"}
task: text-classification
training:
  max_steps: 12
  per_device_train_batch_size: 4
  gradient_accumulation_steps: 2
  learning_rate: 1e-3
  logging_steps: 5
  save_strategy: steps
  save_steps: 4
  eval_strategy: steps
  eval_steps: 6
performance: {precision: fp32}
metrics: [accuracy]
"""
TIMES = ("_runtime", "_per_second", "_preparation_time")


class Breaking(Recorder):
    """Breaks a run down where the test says."""

    def __init__(self, split: str) -> None:
        super().__init__()
        self._split = split

    def evaluated(self, split: str, metrics: Mapping[str, float], step: int) -> None:
        if split == self._split:
            raise OSError("broken")


def rows_of(run_dir: RunDirectory) -> list[dict[str, Any]]:
    """The rows of ``metrics.jsonl`` without times."""
    return [
        {name: value for name, value in row.items() if not name.endswith(TIMES)}
        for row in logged(run_dir)
    ]


def pressing(step: int) -> Recorder:
    """Presses Ctrl-C after a step."""
    return Recorder(at_step=lambda done: done == step and os.kill(os.getpid(), signal.SIGINT))


def breaking(step: int) -> Recorder:
    """Breaks down after a step."""

    def break_down(done: int) -> None:
        if done == step:
            raise OSError("broken")

    return Recorder(at_step=break_down)


STOPS: dict[str, Callable[[], Recorder]] = {
    "before an evaluation": lambda: pressing(5),
    "between logs": lambda: pressing(7),
    "at a checkpoint": lambda: pressing(8),
    "after a checkpoint": lambda: breaking(10),
    "in the final evaluation": lambda: Breaking("test"),
}


@pytest.fixture
def spec(bert: Path, glosses: Path) -> str:
    return SPEC % (glosses, bert)


def test_rows_are_those_of_the_run_without_a_stop(engine: Engine, spec: str) -> None:
    whole = engine.execute(spec)
    expected = rows_of(whole.run_dir)
    assert [row["step"] for row in expected] == [5, 6, 10, 12, 12, 12]

    for place, watcher in STOPS.items():
        with pytest.raises((RunInterruptedError, RunFailedError)):
            engine.execute(spec, watcher=watcher())
        run_dir = engine.runs()[-1]
        checkpoint = run_dir.latest_checkpoint()
        assert checkpoint is not None
        assert rows_at(checkpoint) is not None
        with (run_dir.path / "metrics.jsonl").open("a", encoding="utf-8") as stream:
            stream.write('{"step": 1, "lo')  # as if killed while writing

        resumed = engine.execute(spec, resume=run_dir)

        assert rows_of(run_dir) == expected, place
        assert resumed.metrics == whole.metrics, place


def test_a_checkpoint_of_an_earlier_version_goes_on(engine: Engine, spec: str) -> None:
    """Its rows are cut off by their steps, and later steps are known."""
    with pytest.raises(RunInterruptedError):
        engine.execute(spec, watcher=pressing(8))
    run_dir = engine.runs()[-1]
    checkpoint = run_dir.latest_checkpoint()
    assert checkpoint is not None
    state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    del state["stateful_callbacks"]["LossSums"]
    (checkpoint / "trainer_state.json").write_text(json.dumps(state), encoding="utf-8")
    assert rows_at(checkpoint) is None

    resumed = engine.execute(spec, resume=run_dir)

    steps = [row["step"] for row in rows_of(run_dir)]
    assert steps == [5, 6, 10, 12, 12, 12]
    assert resumed.metrics["train"]["loss"] > 0
