"""How many tokens rows have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc
from datasets import Dataset

from ftspec.engine.batching.cuts import LengthTable


def lengths_of_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> LengthTable:
    """The lengths of rows in memory, shape (rows, columns)."""
    lengths = [[len(row[column]) for column in columns] for row in rows]
    return np.array(lengths, dtype=np.int64).reshape(len(rows), len(columns))


def lengths_in(rows: Dataset, columns: Sequence[str]) -> LengthTable:
    """The lengths of all rows of a data set, shape (rows, columns), without reading their values
    into Python."""
    tables = rows.select_columns(list(columns)).with_format("arrow").iter(batch_size=10_000)
    lengths = [
        np.stack([pc.list_value_length(table[column]).to_numpy() for column in columns], axis=1)
        for table in tables
    ]
    return np.concatenate(lengths).astype(np.int64)
