"""Removes duplicate rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from datasets import Dataset

from ftspec.api import Context, RunError, did_you_mean
from ftspec.builtin.transforms.config import DeduplicateConfig


class Deduplicate:
    """Keeps the first of the rows with equal values in the compared columns."""

    def __init__(self, config: DeduplicateConfig, context: Context) -> None:
        self._columns = config.columns
        self._ignore_case = config.ignore_case
        self._at = context.section
        self._note = context.note

    def apply(self, rows: Dataset) -> Dataset:
        """The remaining rows, in their order. The rows must not be a stream."""
        if not isinstance(rows, Dataset):
            raise RunError(
                "a streamed source cannot be deduplicated",
                slug="needs-all-rows",
                at=self._at,
                helps=('remove "streaming: true" from the source',),
            )
        columns = self._columns or rows.column_names
        for index, column in enumerate(columns):
            if not _has(rows.features, column):
                raise RunError(
                    f'the rows have no column "{column}"',
                    slug="unknown-column",
                    at=(*self._at, "columns", index),
                    helps=did_you_mean(column, rows.column_names),
                )
        tops = {name if name in rows.features else name.partition(".")[0] for name in columns}
        compared = rows.select_columns(sorted(tops))
        # digests need little memory, however long the texts are
        seen: set[bytes] = set()
        kept = []
        for index, row in enumerate(compared):
            values = [_value(row, column) for column in columns]
            text = json.dumps(values, sort_keys=True, default=str, ensure_ascii=False)
            digest = hashlib.sha256((text.lower() if self._ignore_case else text).encode()).digest()
            if digest not in seen:
                seen.add(digest)
                kept.append(index)
        if len(kept) < len(rows):
            self._note(f"deduplicate dropped {len(rows) - len(kept):,} of {len(rows):,} rows")
            return rows.select(kept)
        return rows


def _has(features: Mapping[str, Any], column: str) -> bool:
    """Whether the column exists. A dotted name reads a nested column."""
    if column in features:
        return True
    inner: Any = features
    for step in column.split("."):
        if not isinstance(inner, Mapping) or step not in inner:
            return False
        inner = inner[step]
    return True


def _value(row: Mapping[str, Any], column: str) -> Any:
    """The value of a column, or ``None`` if a value above it is missing."""
    if column in row:
        return row[column]
    value: Any = row
    for step in column.split("."):
        value = value[step] if value is not None else None
    return value
