"""Named sets in real runs: measured, watched and recorded, and nothing of training changes."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ftspec.files import sha256_of
from tests.cli.command import Done, assert_no_traceback
from tests.cli.warm import Warm
from tests.engine import rows, tiny

pytestmark = pytest.mark.slow

Evaluate = Callable[..., Done]

SPEC = """\
ftspec: 1
name: topics
data:
  source: {type: json, files: rows.jsonl}
  splits: {train: "train[:64]", validation: "train[64:96]", test: "train[96:120]"}
preprocess: {template: {text: "{text}", label: "{topic}"}}
tokenizer: {max_length: 32}
model: {checkpoint: ./bert}
task: text-classification
training: {num_train_epochs: 2, learning_rate: 1e-3, eval_strategy: epoch, save_strategy: epoch}
metrics: [accuracy, f1]
"""
SETS = """\
  evaluation:
    late: "train[120:140]"
    other:
      source: {type: csv, files: other.csv}
      template: {text: "{title}", label: "{kind}"}
      by: [lang]
      during_training: true
    bare: {slice: "train[:8]", template: {text: "{text}"}}
"""


@dataclass(frozen=True)
class Ran:
    """The same run, without sets and with them."""

    folder: Path
    bare: Path
    run_dir: Path

    def records(self) -> list[dict[str, Any]]:
        lines = (self.run_dir / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def measured(self, facts: Any, name: str) -> bool:
        """Whether an evaluation has the values that the run measured, among others."""
        values = self.json("metrics.json")[name]
        return {one: facts["metrics"][one]["value"] for one in values} == pytest.approx(
            values, rel=1e-4
        )

    def json(self, name: str) -> Any:
        return json.loads((self.run_dir / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ran(warm: Warm, local: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("sets")
    glosses = rows.glosses(140)
    tiny.build_bert(folder / "bert", [row["text"] for row in glosses])
    rows.write_rows(folder / "rows.jsonl", glosses)
    with (folder / "other.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["title", "kind", "lang"])
        for number, row in enumerate(glosses[:24]):
            kind = "spaceship" if number in (3, 7) else row["topic"]
            writer.writerow([row["text"], kind, "en" if number % 3 else "de"])
    (folder / "bare.yaml").write_text(SPEC, encoding="utf-8")
    (folder / "sets.yaml").write_text(SPEC.replace("preprocess:", f"{SETS}preprocess:", 1))
    for name in ("bare", "sets"):
        done = warm.ftspec("run", f"{name}.yaml", "--output-dir", name, cwd=folder, env=local)
        assert done.code == 0, done.said
        assert_no_traceback(done)
    [bare], [run_dir] = folder.glob("bare/*/*"), folder.glob("sets/*/*")
    return Ran(folder, bare, run_dir)


@pytest.fixture(scope="module")
def evaluate(ran: Ran, warm: Warm, local: dict[str, str]) -> Evaluate:
    def evaluate_with(*arguments: str | Path, target: Path | str = ran.run_dir) -> Done:
        command = ("evaluate", target, *arguments, "--format", "json")
        done = warm.ftspec(*command, cwd=ran.folder, env=local)
        assert_no_traceback(done)
        return done

    return evaluate_with


def test_set_is_evaluated_again_as_the_run_did(ran: Ran, evaluate: Evaluate) -> None:
    left = ran.run_dir / "evaluations" / ".other.0badcafe"
    left.mkdir(parents=True)
    (left / ".lock").touch()  # of a command that was killed
    done = evaluate("--split", "other")
    assert done.code == 0, done.said
    facts = json.loads(done.out)
    assert ran.measured(facts, "other")
    assert facts["unknown_answers"] == 2
    assert ran.json("groups.json")["other"] == facts["by"]  # of the last evaluation of training
    page = (ran.run_dir / "report.html").read_text(encoding="utf-8")
    assert "other by lang" in page
    assert {value: one["rows"] for value, one in facts["by"]["lang"].items()} == {"en": 16, "de": 8}
    assert [path.name for path in left.parent.iterdir()] == ["other"]


def test_set_without_references_is_only_predicted(ran: Ran, evaluate: Evaluate) -> None:
    assert "bare" not in ran.json("metrics.json")
    facts = json.loads(evaluate("--split", "bare").out)
    assert (facts["split"], facts["rows"], facts["metrics"]) == ("bare", 8, {})
    assert facts["note"].endswith('the template of the set "bare" has no references')


def test_data_of_another_spec_is_read_as_that_spec_says(ran: Ran, evaluate: Evaluate) -> None:
    other = SPEC.replace("name: topics", "name: others").replace('"train[96:120]"', '"train[:30]"')
    (ran.folder / "others.yaml").write_text(other, encoding="utf-8")
    done = evaluate("--data", "others.yaml")
    assert done.code == 0, done.said
    facts = json.loads(done.out)
    assert (facts["rows"], Path(facts["folder"]).name) == (30, "others-test")


def test_each_checkpoint_is_evaluated(ran: Ran, evaluate: Evaluate) -> None:
    done = evaluate("--checkpoint", "all", "--split", "late")
    assert done.code == 0, done.said
    made = json.loads(done.out)["evaluations"]
    assert [Path(one["folder"]).name for one in made] == ["late-checkpoint-8", "late-checkpoint-16"]
    assert ran.measured(made[-1], "late")


def test_checkpoint_of_a_spec_is_evaluated_as_it_is(ran: Ran, evaluate: Evaluate) -> None:
    model = f"model.checkpoint={ran.run_dir}/model"
    done = evaluate("--split", "test", "--set", model, target="sets.yaml")
    assert done.code == 0, done.said
    facts = json.loads(done.out)
    assert ran.measured(facts, "test")
    folder = Path(facts["folder"])
    assert folder.parents[2] == ran.folder / "runs" / "topics" / "untrained"
    assert (folder.parents[1] / "spec.resolved.yaml").is_file()


@pytest.mark.parametrize(
    ("target", "arguments", "code", "said"),
    [
        ("sets.yaml", (), 1, 'the checkpoint has the labels "LABEL_0"'),
        ("run", ("--split", "lat"), 1, 'did you mean "late"?'),
        ("run", ("--checkpoint", "best"), 2, "the run did not compare its checkpoints"),
        ("run", ("--set", "seed=1"), 2, "--profile and --set are for specs, not for runs"),
        ("sets.yaml", ("--checkpoint", "all"), 2, "--checkpoint is for runs"),
        ("run", ("--checkpoint", "all", "--fail-below", "f1=1"), 2, "pass one checkpoint"),
        ("run", ("--data", "bare.yaml", "--file", "rows.jsonl"), 2, "only one of: --data, --file"),
    ],
)
def test_mistake_is_said(
    target: str,
    arguments: tuple[str, ...],
    code: int,
    said: str,
    ran: Ran,
    evaluate: Evaluate,
) -> None:
    done = evaluate(*arguments, target=ran.run_dir if target == "run" else target)
    assert done.code == code, done.said
    assert said in done.err


def test_sets_change_neither_the_model_nor_its_identity(ran: Ran) -> None:
    weights = [sha256_of(run / "model" / "model.safetensors") for run in (ran.bare, ran.run_dir)]
    assert weights[0] == weights[1]
    assert ran.bare.name.rpartition("-")[2] == ran.run_dir.name.rpartition("-")[2]


def test_set_is_evaluated_when_it_is_asked_for(ran: Ran) -> None:
    metrics = ran.json("metrics.json")
    assert list(metrics) == ["train", "validation", "test", "late", "other"]
    assert set(metrics["late"]) == set(metrics["other"]) == {"loss", "accuracy", "f1"}
    assert set(metrics["validation"]) == {"loss", "accuracy", "f1"}
    during = [one for one in ran.records() if "eval_other/f1" in one]
    assert [one["step"] for one in during] == [8, 16]  # the last is not repeated
    assert all("eval_loss" in one for one in during)
    assert during[-1]["eval_other/f1"] == metrics["other"]["f1"]
    assert [one["step"] for one in ran.records() if "eval_late/f1" in one] == [16]


def test_lock_has_the_rows_of_each_set(ran: Ran) -> None:
    sets = ran.json("lock.json")["evaluation"]
    assert {name: one["rows"] for name, one in sets.items()} == {"late": 20, "other": 24}
    assert all(len(one["sha256"]) == 64 for one in sets.values())
    assert ran.json("plan.json")["spec"]["data"]["evaluation"]["other"]["by"] == ["lang"]


def test_metric_of_a_set_selects_the_best_model(
    ran: Ran, warm: Warm, local: dict[str, str], tmp_path: Path
) -> None:
    callback = "callbacks=[{type: early-stopping, metric: other/loss, patience: 1}]"
    still = "training.learning_rate=0"  # no evaluation is better than the first
    options = ("--set", callback, "--set", still, "--set", "training.num_train_epochs=4")
    done = warm.ftspec(
        "run", "sets.yaml", *options, "--output-dir", tmp_path, cwd=ran.folder, env=local
    )
    assert done.code == 0, done.said
    [run_dir] = tmp_path.glob("*/*")
    lines = (run_dir / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    logged = [json.loads(line) for line in lines]
    losses = {
        one["step"]: one["eval_other/loss"]
        for one in logged
        if "eval_other/loss" in one and "eval_loss" in one
    }
    assert "did not find" not in (run_dir / "log.txt").read_text(encoding="utf-8")
    best = min(losses, key=lambda step: losses[step])
    assert list(losses) == [8, 16]  # the second is not better, so the run stops
    assert best == 8
    final = json.loads((run_dir / "metrics.json").read_text(encoding="utf-8"))
    assert final["other"]["loss"] == pytest.approx(losses[best])
