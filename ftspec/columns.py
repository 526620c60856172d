"""The columns of a file of rows, from its first rows. If they do not determine the columns, these
are ``None``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ftspec.reading.row_file import Sample

_DEEPEST = 20  # levels of nested columns

Columns = Mapping[str, Any]
"""Names mapped to their nested columns: ``{}`` if there are none, ``None`` if only null occurs."""


def columns_of(sample: Sample) -> Columns | None:
    """The columns that the file lists, or those of its rows."""
    if sample.columns is not None:
        return {name: {} for name in sample.columns}
    return _shape([row.values for row in sample.rows], sample.is_whole, depth=0) or None


def has_column(columns: Columns, name: str) -> bool:
    """Whether the column may exist. A dotted name reads a nested column, and brackets read items
    of a list, whose columns are not known."""
    if name in columns:
        return True
    name = name.removesuffix(":json")
    if "[" in name:
        return has_column(columns, name[: name.index("[")])
    inner: Any = columns
    for step in name.split("."):
        if inner is None:
            return True
        if step not in inner:
            return False
        inner = inner[step]
    return True


def dotted_names(columns: Columns) -> list[str]:
    """The columns; names of nested columns are dotted."""
    return [
        f"{name}.{below}" if below else name
        for name, inner in columns.items()
        for below in (dotted_names(inner) if inner else ("",))
    ]


def _shape(values: Iterable[Any], is_whole: bool, *, depth: int) -> Columns | None:
    """The nested columns in values of one column; ``None`` if other values may have more."""
    known = [value for value in values if value is not None]
    rows = [value for value in known if isinstance(value, dict)]
    if not known or 0 < len(rows) < len(known) or depth > _DEEPEST:
        return None
    if not is_whole and any(row.keys() != rows[0].keys() for row in rows):
        return None
    names = dict.fromkeys(name for row in rows for name in row)
    return {
        name: _shape([row.get(name) for row in rows], is_whole, depth=depth + 1) for name in names
    }
