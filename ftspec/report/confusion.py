"""The confusion matrix, as a table whose cells are coloured by their share of the row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ftspec.report.tables import Column, Table, shortened

_MOST_CLASSES = 20
_LONGEST_NAME = 40


def confusion_table(confusion: Any) -> Table | None:
    """The matrix of ``metrics.json``; of many classes, those with the most mistakes. ``None`` if
    there is none."""
    try:
        classes = [str(name) for name in confusion["classes"]]
        counts = [[int(count) for count in row] for row in confusion["counts"]]
    except (TypeError, KeyError, ValueError):
        return None
    if not classes or len(counts) != len(classes) or {*map(len, counts)} != {len(classes)}:
        return None
    shown = _most_mistaken(counts)
    names = [shortened(classes[place], _LONGEST_NAME) for place in shown]
    rows = [
        (names[at], *(f"{counts[row][one]:,}" for one in shown)) for at, row in enumerate(shown)
    ]
    shares = {
        (at, column + 1): counts[row][one] / (sum(counts[row]) or 1)
        for at, row in enumerate(shown)
        for column, one in enumerate(shown)
    }
    more = len(classes) - len(shown)
    left_out = f"the {len(shown)} classes with the most mistakes, of {len(classes)}" if more else ""
    columns = (Column("reference ↓, predicted →"), *(Column(name, True) for name in names))
    return Table("Confusion matrix", columns, rows, left_out, shares)


def _most_mistaken(counts: Sequence[Sequence[int]]) -> list[int]:
    """The places of the classes that are shown, in their order."""
    size = len(counts)
    if size <= _MOST_CLASSES:
        return list(range(size))
    mistakes = [
        sum(counts[one]) + sum(row[one] for row in counts) - 2 * counts[one][one]
        for one in range(size)
    ]
    most = sorted(range(size), key=lambda one: -mistakes[one])[:_MOST_CLASSES]
    return sorted(most)
