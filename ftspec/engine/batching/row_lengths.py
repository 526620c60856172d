"""How many tokens rows have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset

from ftspec.engine.batching.split_by_length import LengthTable

_Number = TypeVar("_Number", bound=Any)


def width_multiple(collate: Any) -> int:
    """What the widths of the batches of a collator are multiples of."""
    return getattr(collate, "pad_to_multiple_of", None) or 1


def first_rows(rows: Any, count: int) -> list[dict[str, Any]]:
    """The first rows of a data set or a stream."""
    return list(islice(iter(rows), count))


def lengths_of_rows(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], multiple: int = 1
) -> LengthTable:
    """The lengths of rows in memory, each rounded up to a ``multiple`` of tokens, shape (rows,
    columns)."""
    lengths = [[_length(row[column], multiple) for column in columns] for row in rows]
    return np.array(lengths, dtype=np.int64).reshape(len(rows), len(columns))


def lengths_in(rows: Dataset, columns: Sequence[str], multiple: int = 1) -> LengthTable:
    """The lengths of all rows of a data set, without reading their values into Python."""
    tables = rows.select_columns(list(columns)).with_format("arrow").iter(batch_size=10_000)
    lengths = [
        np.stack([_lengths(table[column], multiple) for column in columns], axis=1)
        for table in tables
    ]
    return np.concatenate(lengths).astype(np.int64)


def _lengths(column: pa.ChunkedArray, multiple: int) -> Any:
    if pa.types.is_nested(column.type.value_type):
        return np.array([_length(value, multiple) for value in column.to_pylist()])
    return _round_up(pc.list_value_length(column).to_numpy(), multiple)


def _length(value: Any, multiple: int) -> int:
    """The tokens of a sequence. Where a row has several that are padded to the same length, as in
    multiple choice, the tokens of all of them."""
    if len(value) > 0 and hasattr(value[0], "__len__"):
        return len(value) * _round_up(max(len(one) for one in value), multiple)
    return _round_up(len(value), multiple)


def _round_up(count: _Number, multiple: int) -> _Number:
    """To a multiple: a number, or an array of numbers."""
    rounded: _Number = -(-count // multiple) * multiple
    return rounded
