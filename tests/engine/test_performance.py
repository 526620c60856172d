"""What a run says of its own cost, checked against what can be counted apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ftspec.engine.run.accounting.measured_steps import STEPS, try_steps
from ftspec.rundir import RunDirectory
from tests.engine.running import Engine, Recorder

pytestmark = pytest.mark.slow

SPEC = """\
ftspec: 1
name: costs
data:
  source: {type: json, files: ROWS}
  splits: {train: "train[:60]", validation: "train[60:80]"}
preprocess: {template: {text: "{text}", label: "{topic}"}}
tokenizer: {max_length: 24}
model: {checkpoint: MODEL}
task: text-classification
training:
  num_train_epochs: 2
  per_device_train_batch_size: 8
  eval_strategy: epoch
  save_strategy: epoch
performance: {precision: fp32, batching: BATCHING}
"""


def spec(glosses: Path, bert: Path, batching: str = "exact") -> str:
    text = SPEC.replace("ROWS", f'"{glosses}"').replace("MODEL", f'"{bert}"')
    return text.replace("BATCHING", batching)


@pytest.fixture(params=["exact", "padded"])
def finished(
    request: pytest.FixtureRequest, engine: Engine, glosses: Path, bert: Path
) -> tuple[RunDirectory, dict[str, Any], list[str], list[int]]:
    """A run, its account, what it said, and the lengths of its rows."""
    text = spec(glosses, bert, request.param)
    watcher = Recorder()
    run_dir = engine.execute(text, watcher=watcher).run_dir
    rows = engine.compile(text).data.encoded["train"]
    lengths = [len(ids) for ids in rows["input_ids"]]
    return run_dir, run_dir.read_json("performance.json"), watcher.notes, lengths


def test_the_account_of_a_run(
    finished: tuple[RunDirectory, dict[str, Any], list[str], list[int]],
) -> None:
    run_dir, account, notes, lengths = finished
    assert account["steps"] == 16
    assert account["rows"] == 2 * len(lengths)
    tokens = account["tokens"]
    assert tokens["real"] == 2 * sum(lengths)
    assert tokens["real"] <= tokens["padded"] <= 2 * len(lengths) * max(lengths)
    waste = 100 * (1 - tokens["real"] / tokens["padded"])
    assert tokens["waste_percent"] == pytest.approx(waste, abs=0.01)
    seconds = account["seconds"]
    assert list(seconds) == [
        "prepare",
        "load",
        "first step",
        "train",
        "evaluate",
        "save",
        "other",
    ]
    assert all(seconds[name] > 0 for name in ("load", "first step", "train", "evaluate", "save"))
    speed = account["speed"]
    # 14 steps of 8 rows and one of 4 come after the first
    assert speed["rows_per_second"] * seconds["train"] == pytest.approx(112, rel=0.05)
    assert speed["share_of_matmul"] == pytest.approx(
        speed["flop_per_second"] / speed["matmul_flop_per_second"]
    )
    assert speed["flop_per_second"] > 0
    assert account["memory"]["peak_bytes"] > 100e6
    assert any(f"{speed['tokens_per_second']:,.0f} tokens/s" in note for note in notes)
    said = (run_dir.path / "log.txt").read_text(encoding="utf-8")
    report = (run_dir.path / "report.html").read_text(encoding="utf-8")
    assert "tokens/s" in said
    assert '<h2 id="cost">Cost</h2>' in report
    for one in account["advice"]:
        assert f"{one['key']}: {one['text']}" in said
        assert f"<code>{one['key']}</code>" in report
    # the model has dropout in its attention, and this machine a CPU
    assert "model.config.attention_probs_dropout_prob" in [one["key"] for one in account["advice"]]


def test_a_trial_makes_a_few_steps_and_leaves_nothing(
    engine: Engine, glosses: Path, bert: Path
) -> None:
    watcher = Recorder()
    text = spec(glosses, bert) + "callbacks: [{type: best-model, metric: accuracy}]\n"
    trial = try_steps(engine.plan(text), watcher=watcher)
    assert trial.performance.steps == STEPS
    assert trial.steps_of_run == 16
    seconds = trial.performance.seconds
    assert seconds["evaluate"] == seconds["save"] == 0
    expected = seconds["first step"] + seconds["train"] / (STEPS - 1) * 15
    assert trial.seconds_of_run == pytest.approx(expected)
    assert watcher.evaluations == []
    assert engine.runs() == []
    assert "all 16 steps of a run would take" in trial.lines()[-1]


def test_a_trial_makes_no_more_steps_than_the_run(
    engine: Engine, glosses: Path, bert: Path
) -> None:
    plan = engine.plan(spec(glosses, bert), ["training.max_steps=1"])
    trial = try_steps(plan, watcher=Recorder())
    assert (trial.performance.steps, trial.steps_of_run) == (1, 1)
    assert trial.performance.tokens_per_second > 0
