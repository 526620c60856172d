"""`ftspec evaluate`: metrics with intervals, rows, tables, and every mistake said."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet
from sklearn import metrics

from tests.cli.command import Done, assert_no_traceback
from tests.cli.conftest import Start
from tests.cli.warm import Warm
from tests.engine import rows, tiny

pytestmark = pytest.mark.slow

EVALUATIONS: dict[str, tuple[str, ...]] = {
    "test": ("--by", "agree"),
    "again": ("--name", "test"),
    "file": ("--file", "other.jsonl", "--fail-below", "accuracy=0", "--fail-below", "f1=1.01"),
    "checkpoint": ("--checkpoint", "latest", "--split", "train"),
    "no such split": ("--split", "validation"),
    "no such column": ("--by", "sauce"),
    "no such step": ("--checkpoint", "7"),
    "no such metric": ("--fail-below", "f2=0.5"),
    "no bound": ("--fail-below", "f1>0.5"),
    "no name": ("--name", "../up"),
    "without labels": ("--file", "unlabelled.jsonl"),
    "bound without labels": ("--file", "unlabelled.jsonl", "--fail-below", "f1=0"),
    "typo": ("--file", "typo.jsonl"),
    "both": ("--split", "test", "--file", "other.jsonl"),
}
SPEC = """\
ftspec: 1
name: topics
data:
  source: {type: json, files: rows.jsonl}
  splits: {train: "train[:160]", test: "train[160:]"}
preprocess: {template: {text: "{text}", label: "{topic}"}}
tokenizer: {max_length: 32}
model: {checkpoint: ./bert}
task: text-classification
training: {max_steps: 30, learning_rate: 1e-3, save_steps: 30}
performance: {precision: fp32}
metrics: [accuracy, f1, matthews_correlation]
"""


@dataclass(frozen=True)
class Ran:
    """A run, another that learned faster, and what the evaluations said."""

    run_dir: Path
    other: Path
    started: dict[str, Future[Done]]

    def said(self, name: str) -> Done:
        done = self.started[name].result()
        assert_no_traceback(done)
        return done

    def facts(self, name: str) -> dict[str, Any]:
        done = self.said(name)
        assert done.code == 0, done.said
        facts: dict[str, Any] = json.loads(done.out)
        return facts

    def rows(self, folder: str) -> dict[str, list[Any]]:
        table = parquet.read_table(self.run_dir / "evaluations" / folder / "rows.parquet")
        columns: dict[str, list[Any]] = table.to_pydict()
        return columns


@pytest.fixture(scope="module")
def ran(
    start: Start, warm: Warm, local: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Ran:
    folder = tmp_path_factory.mktemp("evaluated")
    glosses = rows.glosses(220)
    tiny.build_bert(folder / "bert", [row["text"] for row in glosses])
    rows.write_rows(folder / "rows.jsonl", glosses)
    others = [dict(row) for row in glosses[:40]]
    others[3]["topic"] = others[7]["topic"] = "spaceship"
    rows.write_rows(folder / "other.jsonl", others)
    rows.write_rows(folder / "unlabelled.jsonl", [{"text": row["text"]} for row in others])
    rows.write_rows(folder / "typo.jsonl", [{"text": "a", "topics": "food"}])
    (folder / "spec.yaml").write_text(SPEC, encoding="utf-8")
    done = warm.ftspec("run", "spec.yaml", cwd=folder, env=local)
    assert done.code == 0, done.said
    faster = ("--set", "training.learning_rate=1e-2", "--output-dir", "faster")
    done = warm.ftspec("run", "spec.yaml", *faster, cwd=folder, env=local)
    assert done.code == 0, done.said
    [run_dir], [other] = folder.glob("runs/*/*"), folder.glob("faster/*/*")

    def evaluate(*arguments: str) -> Done:
        options = (*arguments, "--format", "json")
        return warm.ftspec("evaluate", run_dir, *options, cwd=folder, env=local)

    first = evaluate(*EVALUATIONS["test"])
    started: dict[str, Future[Done]] = {"test": Future()}
    started["test"].set_result(first)
    for name, arguments in list(EVALUATIONS.items())[1:]:
        started[name] = start(evaluate, *arguments)
    started["other"] = start(warm.ftspec, "evaluate", other, cwd=folder, env=local)
    return Ran(run_dir, other, started)


def test_values_are_those_of_scikit_learn_on_the_rows(ran: Ran) -> None:
    facts, kept = ran.facts("test"), ran.rows("test")
    right, given = kept["reference"], kept["prediction"]
    values = {name: one["value"] for name, one in facts["metrics"].items()}
    names = [name for name in kept if name.startswith("scores.")]
    scores = np.array([kept[name] for name in names]).T
    labels = [name.removeprefix("scores.") for name in names]
    for k in (3, 5):
        ranked = {"k": k, "labels": labels}
        top = values.pop(f"top_{k}_accuracy")
        assert top == pytest.approx(metrics.top_k_accuracy_score(right, scores, **ranked))
    assert values.pop("log_loss") == pytest.approx(metrics.log_loss(right, scores, labels=labels))
    for name, curve in (("roc_auc", "roc"), ("average_precision", "precision_recall")):
        areas = [series["area"] for series in facts["curves"][curve]["series"]]
        assert values.pop(name) == pytest.approx(sum(areas) / len(areas))
    assert values.pop("calibration_error") == facts["tables"]["calibration"]["expected_error"]
    assert 0 <= values.pop("brier") <= 2
    assert values == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(right, given),
            "f1": metrics.f1_score(right, given, average="macro", zero_division=0),
            "matthews_correlation": metrics.matthews_corrcoef(right, given),
            "loss": sum(kept["loss"]) / 60,
        }
    )
    logged = json.loads((ran.run_dir / "metrics.json").read_text(encoding="utf-8"))
    assert values == pytest.approx(logged["test"], rel=1e-5)
    labels = facts["tables"]["confusion"]["classes"]
    counts = metrics.confusion_matrix(right, given, labels=labels)
    assert facts["tables"]["confusion"]["counts"] == counts.tolist()
    without = {name for name, one in facts["metrics"].items() if "low" not in one}
    assert without == {"calibration_error"}
    for name in facts["metrics"].keys() - without:
        one = facts["metrics"][name]
        assert one["low"] <= one["value"] <= one["high"]


def test_every_row_is_kept_with_what_the_model_makes_of_it(ran: Ran) -> None:
    kept = ran.rows("test")
    assert kept["row"] == list(range(1, 61))
    assert kept["label"] == kept["reference"]
    scores = {name: kept[name] for name in kept if name.startswith("scores.")}
    for row, (prediction, score) in enumerate(zip(kept["prediction"], kept["score"], strict=True)):
        assert sum(column[row] for column in scores.values()) == pytest.approx(1)
        assert scores[f"scores.{prediction}"][row] == score == max(c[row] for c in scores.values())


def test_values_of_a_column_are_evaluated_apart(ran: Ran) -> None:
    groups = ran.facts("test")["by"]["agree"]
    assert sum(group["rows"] for group in groups.values()) == 60
    assert len(groups) == 2
    whole = ran.facts("test")["metrics"]["accuracy"]["value"]
    parts = sum(group["rows"] * group["metrics"]["accuracy"] for group in groups.values())
    assert parts / 60 == pytest.approx(whole)


def test_second_evaluation_is_equal_and_has_its_own_folder(ran: Ran) -> None:
    first, second = ran.facts("test"), ran.facts("again")
    assert Path(second["folder"]).name == "test-2"
    assert second["metrics"] == first["metrics"]
    assert ran.rows("test-2") == ran.rows("test")
    written = json.loads((Path(second["folder"]) / "metrics.json").read_text(encoding="utf-8"))
    assert written["metrics"] == second["metrics"]


def test_unknown_labels_of_a_file_count_as_errors(ran: Ran) -> None:
    done = ran.said("file")
    assert done.code == 1, done.said
    assert "error: f1 is " in done.err
    assert "accuracy" not in done.err
    facts, kept = json.loads(done.out), ran.rows("other")
    assert facts["unknown_answers"] == kept["reference"].count("spaceship") == 2
    assert kept["loss"].count(None) == 2
    is_right = [a == b for a, b in zip(kept["reference"], kept["prediction"], strict=True)]
    assert facts["metrics"]["accuracy"]["value"] == pytest.approx(sum(is_right) / 40)
    by_class = {one["class"]: one for one in facts["tables"]["classes"]}
    assert by_class["spaceship"]["recall"] == 0


def test_rows_without_labels_are_predicted_and_not_measured(ran: Ran) -> None:
    done = ran.said("without labels")
    said = 'the rows have no column "topic"; they have "text"'
    assert said in done.err
    facts, kept = ran.facts("without labels"), ran.rows("unlabelled")
    assert (facts["has_references"], facts["metrics"], facts["rows"]) == (False, {}, 40)
    assert facts["note"] == f"predictions only, and no metrics: {said}"
    ran.said("file")
    assert kept["prediction"] == ran.rows("other")["prediction"]
    assert kept["score"] == pytest.approx(ran.rows("other")["score"], abs=1e-5)
    assert "reference" not in kept


def test_last_checkpoint_is_the_model(ran: Ran) -> None:
    facts = ran.facts("checkpoint")
    assert (facts["split"], facts["rows"]) == ("train", 160)
    assert Path(facts["folder"]).name == "train-checkpoint-30"


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("no such split", 1, 'the run has no validation split; it has "train", "test"'),
        ("no such column", 1, 'the rows have no column "sauce"'),
        ("no such step", 2, 'the run has no checkpoint of step "7"; it has those of: 30'),
        ("no such metric", 2, 'there is no metric "f2" to compare; there are: loss, accuracy'),
        ("no bound", 2, '"f1>0.5" is no bound of a metric; expected, for example, f1=0.9'),
        ("no name", 2, '"../up" is no name of an evaluation'),
        ("bound without labels", 1, 'the rows have no column "topic"; they have "text"'),
        ("typo", 1, 'did you mean "topics"?'),
        ("both", 2, "pass only one of: --split, --file"),
    ],
)
def test_mistake_is_said(name: str, code: int, said: str, ran: Ran) -> None:
    done = ran.said(name)
    assert done.code == code, done.said
    assert said in done.err


def test_nothing_half_made_is_left(ran: Ran) -> None:
    for name in EVALUATIONS:
        ran.said(name)
    assert [path for path in (ran.run_dir / "evaluations").iterdir() if path.name[0] == "."] == []


def test_two_runs_are_compared_on_common_rows(
    ran: Ran, warm: Warm, local: dict[str, str], tmp_path: Path
) -> None:
    ran.facts("test")
    assert ran.said("other").code == 0
    done = warm.ftspec("compare", ran.run_dir, ran.other, "--format", "json", env=local)
    assert done.code == 0, done.said
    facts = json.loads(done.out)
    [difference] = [one for one in facts["differences"] if one["effect"] == "result"]
    assert (difference["path"], difference["values"]) == ("training.learning_rate", [1e-3, 1e-2])
    assert (facts["data"], facts["variants"], facts["seeds"]) == ([], [[1], [2]], [])
    [compared] = facts["evaluations"]
    assert compared["runs"] == [1, 2]
    assert (compared["name"], compared["rows"]) == ("test", 60)
    kept = ran.rows("test")
    table = parquet.read_table(ran.other / "evaluations" / "test" / "rows.parquet").to_pydict()
    wanted = kept["reference"]
    right = [
        [given == label for given, label in zip(rows["prediction"], wanted, strict=True)]
        for rows in (kept, table)
    ]
    only = [
        sum(one and not other for one, other in zip(*pair, strict=True))
        for pair in (right, right[::-1])
    ]
    mcnemar, losses = compared["tests"]
    assert [mcnemar["only_first"], mcnemar["only_second"]] == only
    assert 0 <= mcnemar["p"] <= 1
    assert 0 < losses["p"] <= 1
    for example in compared["examples"]:
        assert example["reference"] == wanted[example["row"] - 1]
        assert (example["first"] == example["reference"]) != (
            example["second"] == example["reference"]
        )


def test_pages_are_written(ran: Ran, warm: Warm, local: dict[str, str], tmp_path: Path) -> None:
    for one in ("test", "other"):
        ran.started[one].result()
    own = (ran.run_dir / "evaluations" / "test" / "report.html").read_text(encoding="utf-8")
    assert "The most confident mistakes" in own
    page, compared = tmp_path / "page.html", tmp_path / "compared.html"
    done = warm.ftspec("report", ran.run_dir, "--output", page, env=local)
    assert done.code == 0, done.said
    assert "Evaluation “test" in page.read_text(encoding="utf-8")
    assert "Evaluation “" in (ran.run_dir / "report.html").read_text(encoding="utf-8")
    runs = (ran.run_dir, ran.other)
    done = warm.ftspec("compare", *runs, "--format", "html", "--output", compared, env=local)
    assert done.code == 0, done.said
    assert "McNemar, exact: p = " in compared.read_text(encoding="utf-8")
    assert warm.ftspec("compare", *runs, "--format", "html", env=local).code == 2
    nowhere = tmp_path / "none" / "page.html"
    done = warm.ftspec("report", ran.run_dir, "--output", nowhere, env=local)
    assert done.code == 2, done.said
    assert f'cannot write "{nowhere}": No such file or directory' in done.err


def test_comparison_for_people_says_what_is_missing(
    ran: Ran, warm: Warm, local: dict[str, str], tmp_path: Path
) -> None:
    done = warm.ftspec("compare", ran.run_dir, ran.other, env=local)
    assert done.code == 0, done.said
    assert "training.learning_rate: 0.001 -> 0.01" in done.out
    assert "evaluation test, on the same 60 rows" in done.out
    assert "McNemar, exact: p = " in done.out
    lonely = tmp_path / "lonely"
    shutil.copytree(ran.other, lonely, ignore=shutil.ignore_patterns("evaluations"))
    done = warm.ftspec("compare", ran.run_dir, lonely, env=local)
    assert "no common evaluation" in done.out
    (ran.run_dir / "evaluations" / "broken").mkdir()
    shutil.copytree(ran.run_dir / "evaluations" / "broken", lonely / "evaluations" / "broken")
    done = warm.ftspec("compare", ran.run_dir, lonely, env=local)
    assert done.code == 1, done.said
    assert 'rows.parquet" is damaged' in done.err
