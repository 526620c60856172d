"""`ftspec calibrate`: fitted on validation rows, kept with the model, used by every command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet
from scipy.special import expit, logit
from sklearn import metrics

from ftspec.files import sha256_of
from ftspec.manifest import find_damage
from tests.cli.command import Done, assert_no_traceback
from tests.cli.warm import Warm
from tests.engine import rows, tiny

pytestmark = pytest.mark.slow

SPEC = """\
ftspec: 1
name: traits
data:
  source: {type: json, files: rows.jsonl}
  splits: {train: "train[:120]", validation: "train[120:200]"}
preprocess: {template: {text: "{text}", label: "{traits}"}}
tokenizer: {max_length: 32}
model: {checkpoint: ./bert}
task: {type: text-classification, problem: multi-label, threshold: 0.7}
training: {max_steps: 20, learning_rate: 1e-2}
performance: {precision: fp32}
metrics: [f1]
"""


class Run:
    """A run with several labels for each row, and commands on it."""

    def __init__(self, folder: Path, warm: Warm, env: dict[str, str]) -> None:
        self.folder, self._warm, self._env = folder, warm, env
        self.ftspec("run", "spec.yaml")
        [self.run_dir] = folder.glob("runs/*/*")

    def ftspec(self, *arguments: Any, code: int = 0) -> Done:
        done = self._warm.ftspec(*arguments, cwd=self.folder, env=self._env)
        assert_no_traceback(done)
        assert done.code == code, done.said
        return done

    def evaluate(self, name: str) -> tuple[dict[str, float], dict[str, list[Any]]]:
        options = ("--split", "validation", "--name", name, "--format", "json")
        facts = json.loads(self.ftspec("evaluate", self.run_dir, *options).out)
        table = parquet.read_table(Path(facts["folder"]) / "rows.parquet").to_pydict()
        return {key: one["value"] for key, one in facts["metrics"].items()}, table


@pytest.fixture(scope="module")
def run(warm: Warm, local: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("calibrated")
    glosses = rows.glosses(200)
    tiny.build_bert(folder / "bert", [row["text"] for row in glosses])
    rows.write_rows(folder / "rows.jsonl", glosses)
    (folder / "spec.yaml").write_text(SPEC, encoding="utf-8")
    return Run(folder, warm, local)


def scores_of(table: dict[str, list[Any]]) -> np.ndarray:
    return np.array([column for name, column in table.items() if name.startswith("scores.")]).T


def test_calibration_is_used_until_it_is_reset(run: Run) -> None:
    weights = run.run_dir / "model" / "model.safetensors"
    saved = sha256_of(weights)
    before, plain = run.evaluate("before")
    done = run.ftspec("calibrate", run.run_dir, "--temperature", "--threshold-for", "f1")
    assert "which wins against 0.7 of the spec" in done.out
    kept = json.loads((run.run_dir / "model" / "calibration.json").read_text(encoding="utf-8"))
    temperature, thresholds = kept["temperature"], kept["thresholds"]
    assert thresholds
    assert find_damage(run.run_dir / "model") is None
    assert sha256_of(weights) == saved

    after, table = run.evaluate("after")
    wanted = expit(logit(scores_of(plain)) / temperature)
    assert scores_of(table) == pytest.approx(wanted, abs=1e-6)
    assert after["log_loss"] <= before["log_loss"]
    assert after["f1"] >= before["f1"]
    names = [name.removeprefix("scores.") for name in table if name.startswith("scores.")]
    bounds = [thresholds.get(name, 0.7) for name in names]
    for row, given in enumerate(table["prediction"]):
        assert given == [names[at] for at in np.flatnonzero(wanted[row] >= bounds)]
    right = np.array([[name in row for name in names] for row in table["reference"]])
    given = np.array([[name in row for name in names] for row in table["prediction"]])
    value = metrics.f1_score(right, given, average="macro", zero_division=0)
    assert f"{value:.4f}" in done.out

    first = plain["text"][0]
    said = run.ftspec("predict", run.run_dir, first, "--format", "json")
    assert list(json.loads(said.out)["scores"].values()) == pytest.approx(wanted[0], abs=1e-4)
    run.ftspec("export", run.run_dir, "exported")
    assert json.loads((run.folder / "exported" / "calibration.json").read_text()) == kept
    run.ftspec("export", run.run_dir, "narrow", "--dtype", "bf16")
    assert json.loads((run.folder / "narrow" / "calibration.json").read_text()) == kept

    run.ftspec("calibrate", run.run_dir, "--reset")
    assert find_damage(run.run_dir / "model") is None
    again, _ = run.evaluate("again")
    assert again == before


def test_second_of_two_labels_has_a_threshold(run: Run) -> None:
    changes = ("task=text-classification", 'preprocess.template.label="{agree}"')
    settings = [word for change in changes for word in ("--set", change)]
    run.ftspec("run", "spec.yaml", *settings, "--output-dir", "two")
    [run_dir] = run.folder.glob("two/*/*")
    done = run.ftspec("calibrate", run_dir, "--temperature", "--threshold-for", "f1")
    kept = json.loads((run_dir / "model" / "calibration.json").read_text(encoding="utf-8"))
    [(label, threshold)] = kept["thresholds"].items()
    assert label == "yes"
    assert f"{threshold:.4f}" in done.out
    options = ("--split", "validation", "--format", "json")
    facts = json.loads(run.ftspec("evaluate", run_dir, *options).out)
    table = parquet.read_table(Path(facts["folder"]) / "rows.parquet").to_pydict()
    given = ["yes" if score >= threshold else "no" for score in table["scores.yes"]]
    assert table["prediction"] == given
    value = metrics.f1_score(table["reference"], given, average="macro", zero_division=0)
    assert facts["metrics"]["f1"]["value"] == pytest.approx(value)


def test_mistakes_are_said(run: Run) -> None:
    done = run.ftspec("calibrate", run.run_dir, "--reset", code=2)
    assert "is not calibrated" in done.err
    done = run.ftspec("calibrate", run.run_dir, "--reset", "--temperature", code=2)
    assert "--reset works alone" in done.err
