"""Keeps rows by the length or presence of a column, without code in the spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datasets import Dataset

from ftspec.api import Context, RunError, SpecPath, did_you_mean, value_of
from ftspec.builtin.transforms.config import FilterConfig


class Filter:
    """Keeps the rows that meet every condition."""

    def __init__(self, config: FilterConfig, context: Context) -> None:
        self._keeps = _Keeps(config, (*context.section, "column"))
        self._note = context.note

    def apply(self, rows: Dataset) -> Dataset:
        """The remaining rows, in their order."""
        kept = rows.filter(self._keeps, batched=True)
        if isinstance(rows, Dataset) and len(kept) < len(rows):
            self._note(f"filter dropped {len(rows) - len(kept):,} of {len(rows):,} rows")
        return kept


class _Keeps:
    """The predicate. Its hash depends only on the config, so datasets can cache the result."""

    def __init__(self, config: FilterConfig, at: SpecPath) -> None:
        self._config = config.model_dump()
        self._at = at

    def __call__(self, batch: Mapping[str, list[Any]]) -> list[bool]:
        return [self._keeps(value) for value in self._values(batch)]

    def _keeps(self, value: Any) -> bool:
        if value is None or (isinstance(value, (str, list)) and not value) or value != value:
            return not any(
                self._config[key] for key in ("not_missing", "min_characters", "min_words")
            )
        if self._config["not_missing"] and isinstance(value, str) and not value.strip():
            return False
        characters = len(value) if isinstance(value, (str, list)) else len(str(value))
        words = len(value.split()) if isinstance(value, str) else characters
        return self._within(characters, "characters") and self._within(words, "words")

    def _values(self, batch: Mapping[str, list[Any]]) -> list[Any]:
        column = self._config["column"]
        if column in batch:
            return batch[column]
        top = column.partition(".")[0]
        try:
            return [value_of({top: value}, column) for value in batch[top]]
        except KeyError:  # not earlier: a stream may not know its columns
            names = ", ".join(f'"{name}"' for name in batch)
            raise RunError(
                f'the rows have no column "{column}"; they have {names}',
                slug="unknown-column",
                at=self._at,
                helps=did_you_mean(column, list(batch)),
            ) from None

    def _within(self, count: int, unit: str) -> bool:
        fewest, most = self._config[f"min_{unit}"], self._config[f"max_{unit}"]
        return (fewest is None or count >= fewest) and (most is None or count <= most)
