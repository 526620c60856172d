"""What the sets of a run hold, in a few numbers: rows, lengths and labels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ftspec.engine.batching.row_lengths import lengths_in
from ftspec.engine.data.columns import Rows
from ftspec.engine.run.compile import CompiledRun

FILE = "data.json"
_ROWS = 100_000  # whose lengths and labels are looked at
_LABELS = "labels"
_MOST_LABELS = 1000
_GENERIC = re.compile(r"LABEL_\d+")
"""The names that transformers gives to labels of models that have none."""


def data_facts(run: CompiledRun) -> dict[str, Any]:
    """For each set its rows, the lengths of their inputs in tokens, and the labels of a classifier,
    the most frequent first. Large sets are described by their first rows; of a stream nothing is
    known."""
    names = {
        int(number): str(name)
        for number, name in (run.config.id2label or {}).items()
        if not _GENERIC.fullmatch(str(name))
    }
    column = run.trainer.task.length_columns[:1]
    sets = {**run.data.encoded, **{name: one.encoded for name, one in run.sets.items()}}
    return {name: dict(_facts(rows, column, names)) for name, rows in sets.items()}


def _facts(
    rows: Rows, column: tuple[str, ...], names: Mapping[int, str]
) -> Iterator[tuple[str, Any]]:
    if not isinstance(rows, datasets.Dataset):
        return
    yield "rows", len(rows)
    some = rows.select(range(min(len(rows), _ROWS)))
    if len(some) < len(rows):
        yield "described_rows", len(some)
    if len(some) and {*column} <= {*rows.column_names} and column:
        lengths = lengths_in(some, list(column))[:, 0]
        yield (
            "tokens",
            {
                "shortest": int(lengths.min()),
                "median": int(np.median(lengths)),
                "95th percentile": int(np.percentile(lengths, 95)),
                "longest": int(lengths.max()),
                "all": int(lengths.sum()),
            },
        )
    counts = _label_counts(some, names) if _LABELS in rows.column_names else {}
    if counts:
        yield "labels", counts


def _label_counts(rows: datasets.Dataset, names: Mapping[int, str]) -> dict[str, int]:
    """The rows of each label; empty unless a row has one label or a 0 or 1 for each."""
    column = rows.with_format("arrow")[_LABELS][:]
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_integer(column.type):
        counted = [(one["values"], one["counts"]) for one in pc.value_counts(column).to_pylist()]
        pairs = [(number, count) for number, count in counted if number in names]
    elif _is_a_list_for_each(column, names):
        flat = np.asarray(column.flatten().to_numpy(zero_copy_only=False), dtype=float)
        pairs = list(enumerate(flat.reshape(len(column), len(names)).sum(axis=0).astype(int)))
    else:
        return {}
    ordered = sorted(pairs, key=lambda one: (-one[1], one[0]))[:_MOST_LABELS]
    return {str(names[number]): int(count) for number, count in ordered}


def _is_a_list_for_each(column: Any, names: Mapping[int, str]) -> bool:
    """Whether each row has a number for each label."""
    if not pa.types.is_list(column.type) or not pa.types.is_floating(column.type.value_type):
        return False
    lengths = pc.unique(pc.list_value_length(column)).to_pylist()
    return lengths == [len(names)] and len(names) > 1
