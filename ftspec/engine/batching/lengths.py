"""How many tokens rows have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset

from ftspec.engine.batching.cuts import LengthTable


def first_rows(rows: Any, count: int) -> list[dict[str, Any]]:
    """The first of a data set or a stream."""
    return list(islice(iter(rows), count))


def lengths_of_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> LengthTable:
    """The lengths of rows in memory, shape (rows, columns)."""
    lengths = [[_length(row[column]) for column in columns] for row in rows]
    return np.array(lengths, dtype=np.int64).reshape(len(rows), len(columns))


def lengths_in(rows: Dataset, columns: Sequence[str]) -> LengthTable:
    """The lengths of all rows of a data set, shape (rows, columns), without reading their values
    into Python."""
    tables = rows.select_columns(list(columns)).with_format("arrow").iter(batch_size=10_000)
    lengths = [
        np.stack([_lengths(table[column]) for column in columns], axis=1) for table in tables
    ]
    return np.concatenate(lengths).astype(np.int64)


def _lengths(column: pa.ChunkedArray) -> Any:
    if pa.types.is_nested(column.type.value_type):
        return np.array([_length(value) for value in column.to_pylist()])
    return pc.list_value_length(column).to_numpy()


def _length(value: Any) -> int:
    """The tokens of a sequence; of several that one row pads to the same length, as the texts of a
    choice, what they take together."""
    if len(value) > 0 and hasattr(value[0], "__len__"):
        return len(value) * max(len(one) for one in value)
    return len(value)
