"""A file of predictions is whole or not there, and a killed command is gone on with."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

import ftspec
from ftspec.engine.artifacts.prediction_file import FORMATS, PredictionFile
from ftspec.errors import UsageError

ROWS: list[dict[str, Any]] = [
    {"label": "a", "score": 0.5, "scores": {"a": 0.5, "b": 0.5}},
    {"label": "b\n\u202e", "score": 0.75, "scores": {"a": 0.25, "b": 0.75}},
]
KILLED = """
import os, signal, sys
from pathlib import Path
from ftspec.engine.artifacts.prediction_file import PredictionFile

with PredictionFile(Path(sys.argv[1]), "same") as file:
    for number in range(250):
        file.write({"text": str(number)})
    os.kill(os.getpid(), signal.SIGKILL)
"""


def write(output: Path, rows: list[dict[str, Any]], identity: str = "same") -> int:
    with PredictionFile(output, identity) as file:
        for row in rows[file.begun :]:
            file.write(row)
        file.finish()
        return file.begun


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
        return rows
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        return list(csv.DictReader(text.splitlines(keepends=True)))
    return json.loads(text) if path.suffix == ".json" else list(map(json.loads, text.splitlines()))


@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_has_the_rows_and_nothing_else_is_left(ending: str, tmp_path: Path) -> None:
    write(tmp_path / f"out{ending}", ROWS)
    assert [path.name for path in tmp_path.iterdir()] == [f"out{ending}"]
    found = read(tmp_path / f"out{ending}")
    assert [row["label"] for row in found] == ["a", "b\n\u202e"]
    score = found[1]["scores"]["b"] if "scores" in found[1] else found[1]["scores.b"]
    assert float(score) == 0.75


@pytest.mark.parametrize("ending", FORMATS)
def test_file_without_rows_is_a_file_of_its_format(ending: str, tmp_path: Path) -> None:
    write(tmp_path / f"out{ending}", [])
    assert read(tmp_path / f"out{ending}") == []


def test_killed_command_is_gone_on_with(tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    root = Path(ftspec.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", KILLED, output], cwd=root, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not output.exists()
    part = tmp_path / ".out.jsonl.part"
    os.truncate(part, part.stat().st_size - 3)  # the last row is cut off
    rows = [{"text": str(number)} for number in range(300)]
    assert write(output, rows) == 199
    assert read(output) == rows


def test_rows_of_another_command_are_not_used(tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    with PredictionFile(output, "other") as file:
        file.write({"label": "wrong"})
    assert write(output, ROWS) == 0
    assert read(output) == ROWS


@pytest.mark.parametrize("damage", [b"", b"\n", b"\xff\xfe\n{}\n", b"[]\n{}\n"])
def test_damaged_remains_are_not_used(damage: bytes, tmp_path: Path) -> None:
    (tmp_path / ".out.csv.part").write_bytes(damage)
    assert write(tmp_path / "out.csv", ROWS) == 0


def test_mistake_before_the_first_row_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError), PredictionFile(tmp_path / "out.csv", "same"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_two_commands_do_not_write_one_file(tmp_path: Path) -> None:
    with (
        PredictionFile(tmp_path / "out.csv", "same"),
        pytest.raises(UsageError, match="another process writes"),
        PredictionFile(tmp_path / "out.csv", "same"),
    ):
        pass


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match="cannot write"),
        PredictionFile(tmp_path / "no/out.csv", "x"),
    ):
        pass
