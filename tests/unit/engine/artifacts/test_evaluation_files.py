"""Evaluations of one name that are written at the same time, or into a run that is gone."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from pyarrow import parquet

from ftspec.engine.artifacts.evaluate import Evaluation, Value
from ftspec.engine.artifacts.evaluation_files import take_name, write_evaluation
from ftspec.errors import RunError
from ftspec.rundir import EVALUATIONS, RunDirectory

_WRITERS = 12
_FOLDERS = 128


def evaluation(number: int) -> Evaluation:
    return Evaluation(
        of="test",
        rows=2,
        unknown=0,
        metrics={"f1": Value(number)},
        by={},
        tables={},
        curves={},
        columns={"prediction": [str(number)] * 2},
        seconds=0.1,
    )


def test_each_writer_gets_a_name_and_none_is_overwritten(tmp_path: Path) -> None:
    run_dir = RunDirectory(tmp_path)

    def write(number: int) -> Path:
        return write_evaluation(run_dir, "test", evaluation(number), {})

    with ThreadPoolExecutor(_WRITERS) as pool:
        folders = list(pool.map(write, range(_WRITERS)))
    names = {"test", *(f"test-{number}" for number in range(2, _WRITERS + 1))}
    assert {path.name for path in (tmp_path / EVALUATIONS).iterdir()} == names
    for number, folder in enumerate(folders):
        facts = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        assert facts["metrics"]["f1"]["value"] == number
        rows = parquet.read_table(folder / "rows.parquet").to_pydict()
        assert rows["prediction"] == [str(number)] * 2


def test_loss_that_is_no_number_is_null() -> None:
    facts = replace(evaluation(1), metrics={"loss": Value(math.nan)}).to_json()
    assert facts["metrics"] == {"loss": {"value": None}}


def test_names_are_taken_once(tmp_path: Path) -> None:
    made = [tmp_path / f".{number}" for number in range(_FOLDERS)]
    for folder in made:
        folder.mkdir()
        (folder / "of").write_text(folder.name, encoding="utf-8")
    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(lambda folder: take_name(folder, tmp_path / "test"), made))
    assert len(set(taken)) == _FOLDERS
    assert [(path / "of").read_text(encoding="utf-8") for path in taken] == [
        folder.name for folder in made
    ]


def test_run_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="No such file or directory"):
        write_evaluation(RunDirectory(tmp_path / "gone"), "test", evaluation(1), {})
    assert not (tmp_path / "gone").exists()
