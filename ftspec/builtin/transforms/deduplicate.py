"""Keeps the first of rows that are equal."""

from __future__ import annotations

import hashlib
import json

from datasets import Dataset

from ftspec.api import Context, RunError, did_you_mean
from ftspec.builtin.transforms.config import DeduplicateConfig


class Deduplicate:
    """The rows whose compared columns were not seen before."""

    def __init__(self, config: DeduplicateConfig, context: Context) -> None:
        self._columns = config.columns
        self._ignore_case = config.ignore_case
        self._at = context.section
        self._note = context.note

    def apply(self, rows: Dataset) -> Dataset:
        """The rows kept, in their order. Needs the rows at hand, not a stream."""
        if not isinstance(rows, Dataset):
            raise RunError(
                "a streamed source cannot be deduplicated",
                slug="needs-all-rows",
                at=self._at,
                helps=('remove "streaming: true" from the source',),
            )
        for column in self._columns or ():
            if column not in rows.column_names:
                raise RunError(
                    f'the rows have no column "{column}"',
                    slug="unknown-column",
                    at=(*self._at, "columns"),
                    helps=did_you_mean(column, rows.column_names),
                )
        compared = rows.select_columns(self._columns) if self._columns else rows
        # a digest for each distinct row keeps memory flat however long the texts are
        seen: set[bytes] = set()
        kept = []
        for index, row in enumerate(compared):
            text = json.dumps(row, sort_keys=True, default=str, ensure_ascii=False)
            digest = hashlib.sha256((text.lower() if self._ignore_case else text).encode()).digest()
            if digest not in seen:
                seen.add(digest)
                kept.append(index)
        if len(kept) < len(rows):
            self._note(f"deduplicate dropped {len(rows) - len(kept):,} of {len(rows):,} rows")
            return rows.select(kept)
        return rows
