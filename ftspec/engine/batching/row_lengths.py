"""How many tokens rows have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset

from ftspec.engine.batching.sizes import round_up
from ftspec.engine.batching.split_by_length import LengthTable


def first_rows(rows: Any, count: int) -> list[dict[str, Any]]:
    """The first of a data set or a stream."""
    return list(islice(iter(rows), count))


def lengths_of_rows(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], multiple: int = 1
) -> LengthTable:
    """The lengths of rows in memory, each padded to a ``multiple`` of tokens, shape (rows,
    columns)."""
    lengths = [[_length(row[column], multiple) for column in columns] for row in rows]
    return np.array(lengths, dtype=np.int64).reshape(len(rows), len(columns))


def lengths_in(rows: Dataset, columns: Sequence[str], multiple: int = 1) -> LengthTable:
    """The same of all rows of a data set, without reading their values into Python."""
    tables = rows.select_columns(list(columns)).with_format("arrow").iter(batch_size=10_000)
    lengths = [
        np.stack([_lengths(table[column], multiple) for column in columns], axis=1)
        for table in tables
    ]
    return np.concatenate(lengths).astype(np.int64)


def _lengths(column: pa.ChunkedArray, multiple: int) -> Any:
    if pa.types.is_nested(column.type.value_type):
        return np.array([_length(value, multiple) for value in column.to_pylist()])
    return round_up(pc.list_value_length(column).to_numpy(), multiple)


def _length(value: Any, multiple: int) -> int:
    """The tokens of a sequence; of several that one row pads to the same length, as the texts of a
    choice, what they take together."""
    if len(value) > 0 and hasattr(value[0], "__len__"):
        return len(value) * round_up(max(len(one) for one in value), multiple)
    return round_up(len(value), multiple)
