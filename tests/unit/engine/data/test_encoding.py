"""Encoded rows are stored as ``datasets`` stores what a task gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import datasets
import pytest
from datasets import List, Value

from ftspec.engine.data.encoding import encode_rows, write_rows
from ftspec.protocols import Task

ROWS = 2_500  # of which a batch has 1,000


class Given(Task):
    """Encodes a row to the values of its number."""

    def __init__(self, columns: Mapping[str, list[Any]]) -> None:
        self._columns = columns

    def encode(self, fields: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
        return {
            name: [values[n % len(values)] for n in fields["n"]]
            for name, values in self._columns.items()
        }

    def collator(self, model: Any) -> Any:
        raise NotImplementedError

    def predict(self, model: Any, rows: Any) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize(
    "columns",
    [
        {"input_ids": [[1, 2], [], [30_000]], "attention_mask": [[1, 0], [], [1]]},
        {"input_ids": [[1]], "labels": [0, 1]},
        {"input_ids": [[1]], "labels": [0.5, 1.5]},
        {"input_ids": [[1]], "labels": [[0.0, 1.0], [1.0, 1.0]]},
        {"input_ids": [[1]], "labels": [[5, -100], [7]]},
        {"input_ids": [[[1, 2], [3]], [[4], [5, 6]]]},
        {"input_ids": [[2**40], [1]]},
        {"attention_mask": [[300], [1]]},
        {"text": ["a", "b"], "input_ids": [[1], [2, 3]]},
    ],
    ids=str,
)
def test_as_a_plain_map(columns: Mapping[str, list[Any]], tmp_path: Path) -> None:
    task = Given(columns)
    fields = datasets.Dataset.from_dict({"n": list(range(ROWS))})
    encoded = encode_rows(fields, "train", task, tmp_path / "encoded.arrow")
    plain = fields.map(task.encode, batched=True, remove_columns=["n"])
    assert encoded[:] == plain[:]
    assert encoded.features == plain.features
    stored = datasets.Dataset.from_file(str(tmp_path / "encoded.arrow"))
    assert stored[:] == plain[:]
    assert stored.features == plain.features
    assert [path.name for path in tmp_path.iterdir()] == ["encoded.arrow"]


def test_token_types_are_small(tmp_path: Path) -> None:
    fields = datasets.Dataset.from_dict({"n": [0]})
    task = Given({"input_ids": [[1]], "token_type_ids": [[0]], "attention_mask": [[1]]})
    encoded = encode_rows(fields, "train", task, tmp_path / "encoded.arrow")
    assert encoded.features == {
        "input_ids": List(Value("int32")),
        "token_type_ids": List(Value("int8")),
        "attention_mask": List(Value("int8")),
    }


def test_rows_in_another_order_are_written_so(tmp_path: Path) -> None:
    rows = datasets.Dataset.from_dict({"n": list(range(ROWS))}).select(range(ROWS - 1, 0, -7))
    write_rows(rows, tmp_path / "rows.arrow")
    assert datasets.Dataset.from_file(str(tmp_path / "rows.arrow"))["n"] == rows["n"]
