"""How often each value occurs in a column of labels, and the name that each value has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from numbers import Integral, Real
from typing import Any, Literal

Kind = Literal["boolean", "whole number", "float", "text", "list", "mapping", "value"]


def kind_of(value: Any) -> Kind:
    """The kind of a value: True is no number here, although Python says that it is 1."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        return "boolean"
    if isinstance(value, Integral):
        return "whole number"
    if isinstance(value, Real):
        return "float"
    if isinstance(value, (list, tuple)):
        return "list"
    return "mapping" if isinstance(value, dict) else "value"


def is_missing(value: Any) -> bool:
    """Whether a row has no label: pandas writes a missing value as not-a-number."""
    return value is None or (isinstance(value, float) and value != value)


def label_name(value: Any) -> str:
    """The label name of a value of the data."""
    kind = kind_of(value)
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "float" and float(value).is_integer():
        return str(int(value))
    return str(value)


class LabelCounts:
    """How often each distinct value occurs in a column. ``1``, ``True`` and ``"1"`` are distinct,
    ``1`` and ``1.0`` are not.

    Attributes:
        missing: how many rows have no value.
    """

    def __init__(self, values: Iterable[Any] = ()) -> None:
        self.missing = 0
        self._counts: dict[tuple[str, Any], int] = {}
        self._shown: dict[tuple[str, Any], Any] = {}
        for value in values:
            self.add(value)

    def add(self, value: Any, count: int = 1) -> None:
        """Count a value ``count`` times."""
        if is_missing(value):
            self.missing += count
            return
        kind = kind_of(value)
        if kind in ("list", "mapping", "value"):
            key: tuple[str, Any] = (kind, str(value))
        else:
            key = ("number" if kind in ("whole number", "float") else kind, value)
        self._counts[key] = self._counts.get(key, 0) + count
        if kind == "float" or key not in self._shown:
            self._shown[key] = value

    def add_column(self, column: Any) -> None:
        """Count the values of a column of Arrow, of any type but lists and mappings."""
        for entry in column.value_counts().to_pylist():
            self.add(entry["values"], entry["counts"])

    def __iter__(self) -> Iterator[Any]:
        """The distinct values, in the order in which they came."""
        return iter(self._shown.values())

    def __len__(self) -> int:
        return len(self._shown)

    def items(self) -> Iterator[tuple[Any, int]]:
        """The distinct values and how often each occurs."""
        return zip(self._shown.values(), self._counts.values(), strict=True)

    @property
    def kinds(self) -> dict[Kind, Any]:
        """The kinds that occur, each with its first value."""
        found: dict[Kind, Any] = {}
        for value in self:
            found.setdefault(kind_of(value), value)
        return found

    @property
    def total(self) -> int:
        """How many values were counted, without the missing ones."""
        return sum(self._counts.values())


def learned_names(values: Iterable[Any]) -> list[str]:
    """The names of distinct values, sorted: numbers by size, everything else by name."""
    distinct = list(values)
    if all(kind_of(value) in ("boolean", "whole number", "float") for value in distinct):
        return list(dict.fromkeys(label_name(value) for value in sorted(distinct)))
    return sorted({label_name(value) for value in distinct})
