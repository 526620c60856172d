"""Tables of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ftspec.report.numbers import is_number, shown_cell, shown_metric

LONGEST_TEXT = 600
"""Characters of a text in a cell."""


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        name: its header.
        is_number: whether its cells are aligned as numbers.
    """

    name: str
    is_number: bool = False


@dataclass(frozen=True)
class Table:
    """A table, with all its cells as text. The first cell of a row is its header.

    Attributes:
        caption: what it shows.
        columns: in order.
        rows: the cells of each row.
        left_out: what it does not show, in words.
        shares: by row and column, how strongly a cell is coloured, from 0 to 1.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    left_out: str = ""
    shares: Mapping[tuple[int, int], float] | None = None


def table_of(caption: str, rows: Sequence[Mapping[str, Any]], most: int) -> Table | None:
    """Rows of equal keys as a table; ``None`` without rows."""
    rows = [one for one in rows if isinstance(one, Mapping)]
    if not rows:
        return None
    names = list(rows[0])
    columns = [
        Column(
            str(name),
            all(isinstance(row.get(name), (int, float, type(None))) for row in rows),
        )
        for name in names
    ]
    fractions = {name for name in names if any(_is_fraction(row.get(name)) for row in rows)}
    cells = [
        [
            shown_metric(row[name])
            if name in fractions and is_number(row.get(name))
            else shortened(shown_cell(row.get(name)))
            for name in names
        ]
        for row in rows[:most]
    ]
    return Table(caption, columns, cells, counted_out(len(rows), most))


def _is_fraction(value: Any) -> bool:
    return isinstance(value, float) and not value.is_integer()


def counted_out(total: int, most: int, what: str = "rows") -> str:
    """That only the first are shown, if so."""
    return f"the first {most:,} of {total:,} {what}" if total > most else ""


def shortened(text: str, most: int = LONGEST_TEXT) -> str:
    """A text with at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
