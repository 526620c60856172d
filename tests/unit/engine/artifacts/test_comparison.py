"""Many runs side by side, and what is said of their seeds and data."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ftspec.cli.terminal.comparison_result import comparison_lines
from ftspec.engine.artifacts.comparison import Comparison, compare_runs
from ftspec.rundir import RunDirectory
from ftspec.runs.summary import RunSummary, summary_of
from tests.unit.planning.test_difference import plan_with

F1 = {1e-4: (0.80, 0.81, 0.82), 1e-3: (0.90, 0.91, 0.92), 1e-2: (0.805, 0.83, 0.79)}


def write_run(folder: Path, f1: float, test_rows: int = 100) -> RunSummary:
    run = RunDirectory(folder)
    folder.mkdir()
    run.write_json("metrics.json", {"validation": {"f1": f1, "loss": 1 - f1}})
    splits = {
        "train": {"rows": 1000, "sha256": "a"},
        "test": {"rows": test_rows, "sha256": f"of {test_rows}"},
    }
    run.write_json("lock.json", {"splits": splits})
    run.set_status("created")
    run.set_status("finished")
    return summary_of(run)


@pytest.fixture
def compared(tmp_path: Path) -> Comparison:
    """Three learning rates with three seeds each; the last run has another test set."""
    plans, runs = [], []
    for rate, values in F1.items():
        for seed, f1 in enumerate(values, start=1):
            plans.append(plan_with(f"training.learning_rate={rate}", f"seed={seed}"))
            runs.append(write_run(tmp_path / f"{rate}-{seed}", f1, 50 if len(runs) == 8 else 100))
    return compare_runs(plans, runs)


def test_specs_are_told_apart_by_more_than_their_seeds(compared: Comparison) -> None:
    assert compared.variants == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    f1 = compared.seeds[0]
    assert f1.metric == "validation/f1"
    assert [spread and spread.mean for spread in f1.spreads] == [
        pytest.approx(sum(values) / 3) for values in F1.values()
    ]
    better, same = f1.p
    assert better is not None
    assert same is not None
    assert better < 0.01
    assert same > 0.5


def test_the_text_says_what_varies_and_what_is_chance(compared: Comparison) -> None:
    text = "\n".join(comparison_lines(compared))
    assert re.search(r"training\.learning_rate +0\.0001 +0\.0001 +0\.0001 +0\.001 ", text)
    assert "the encoded rows of test differ: 100 and 50" in text
    assert "of train differ" not in text
    assert "B: runs 4, 5, 6" in text
    [f1] = [line for line in text.splitlines() if "±" in line and "f1" in line]
    assert "0.8100 ± 0.0100" in f1
    assert re.search(r"differs \(p = 0\.00\d\d\) +not separable with 3 seeds \(p = ", f1)


def test_one_seed_tells_nothing(tmp_path: Path) -> None:
    plans = [plan_with(), plan_with("seed=2"), plan_with("training.learning_rate=1e-3")]
    runs = [write_run(tmp_path / str(number), 0.8 + number / 100) for number in range(3)]
    text = "\n".join(comparison_lines(compare_runs(plans, runs)))
    assert text.count("not separable with 1 seed") == 2  # of the loss and of f1
    assert "C:" not in text


def test_a_damaged_lock_says_nothing_of_data(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / "a", 0.8), write_run(tmp_path / "b", 0.8, 7)]
    (tmp_path / "b" / "lock.json").write_text("{")
    found = compare_runs([plan_with(), plan_with()], runs)
    assert (found.data, found.variants) == ([], [[0, 1]])
