"""The page of a comparison, from run directories and what ``ftspec compare`` finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ftspec.report.comparison_page import render_comparison
from ftspec.runs.summary import summary_of
from tests.unit.report.made_runs import HOSTILE, made_run
from tests.unit.report.page_reader import PageReader

FACTS: dict[str, Any] = {
    "differences": [{"path": "training.max_steps", "values": [20, 10], "effect": "result"}],
    "data": [{"set": "train", "rows": [2400, None]}],
    "variants": [[1], [2]],
    "seeds": [],
    "evaluations": [
        {
            "runs": [1, 2],
            "name": "test",
            "rows": 600,
            "metrics": {"f1": [{"value": 0.7, "low": 0.65, "high": 0.75}, {"value": 0.6}]},
            "tests": [{"name": "McNemar, exact", "p": 0.001, "only_first": 30, "only_second": 8}],
            "examples": [{"row": 5, "reference": "a", "first": "a", "second": HOSTILE}],
        }
    ],
}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> PageReader:
    folder = tmp_path_factory.mktemp("compared")
    slow = [{"step": step, "loss": 3.0 - step / 10} for step in (1, 2)]
    runs = [made_run(folder / "a"), made_run(folder / "b", HOSTILE, logged=slow)]
    return PageReader(render_comparison([summary_of(run) for run in runs], FACTS))


def test_runs_are_side_by_side(reader: PageReader) -> None:
    assert reader.open == []
    assert reader.tables["Final metrics"][1] == ["validation/f1", "0.7500", "0.7500"]
    assert reader.tables["Values that differ"][1] == ["training.max_steps", "20", "10", "result"]
    assert reader.tables["Sets whose encoded rows differ"][1] == ["train", "2,400", "?"]
    assert ["time", "12 min 3 s", "12 min 3 s"] in reader.tables["Cost"]


def test_tests_and_rows_that_only_one_gets_right(reader: PageReader) -> None:
    table = reader.tables["Metrics with 95 % intervals"]
    assert table[1] == ["f1", "0.7000 (0.6500 to 0.7500)", "0.6000"]
    assert "p = 0.0010, more than chance; only run 1 is right or better on 30" in reader.text
    assert reader.tables["Rows that only one gets right"][1][:3] == ["5", "a", "a"]


def test_learning_curves_lie_over_each_other(reader: PageReader) -> None:
    numbers = reader.tables["training loss: numbers"]
    assert {row[0] for row in numbers[1:]} == {"run 1", "run 2"}


def test_seeds(tmp_path: Path) -> None:
    spread = {"mean": 0.7, "deviation": 0.02, "seeds": 3}
    seeds = [
        {"metric": "test/f1", "variants": [spread, spread], "p": [0.4]},
        {"metric": "test/loss", "variants": [spread, None], "p": [None]},
    ]
    facts = {**FACTS, "variants": [[1, 2], [3]], "seeds": seeds, "evaluations": []}
    runs = [summary_of(made_run(tmp_path / name)) for name in "abc"]
    reader = PageReader(render_comparison(runs, facts))
    table = reader.tables["Means and standard deviations over seeds (p of Welch's t-test)"]
    assert table[1] == [
        *("test/f1", "0.7000 ± 0.0200", "0.7000 ± 0.0200", "not separable with 3 seeds (p = 0.40)")
    ]
    assert table[2] == ["test/loss", "0.7000 ± 0.0200", "", ""]
    assert "The runs have no common evaluation" in reader.text
