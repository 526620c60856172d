"""What the values of a column of separated values are: whole numbers, numbers, booleans, or text.

A column has one kind. It is text unless every value can be read as another kind without losing
anything: "01" is not the number 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Kind = Literal["integer", "number", "boolean", "text"]

_PATTERNS: dict[Kind, re.Pattern[str]] = {
    "integer": re.compile(r" *-?(?:0|[1-9]\d{0,17}) *", re.ASCII),
    "number": re.compile(
        r" *[-+]?(?:(?:0|[1-9]\d{0,17})|(?:(?:0|[1-9]\d*)\.\d*|\.\d+)(?:[eE][-+]?\d+)?"
        r"|[1-9]\d*[eE][-+]?\d+) *",
        re.ASCII,
    ),
    "boolean": re.compile(r" *(?:true|false) *", re.IGNORECASE),
}


class ColumnKind:
    """The kind of a column, learned from its values in order.

    Attributes:
        kind: ``None`` before the first value that is not missing.
        changed: the first value of another kind, and where it is, if there were others before it.
        before: the kind of the values before it.
    """

    def __init__(self) -> None:
        self.kind: Kind | None = None
        self.changed: tuple[str, str] | None = None
        self.before: Kind | None = None
        self._pattern: re.Pattern[str] | None = None

    def learn(self, value: str | None, where: str) -> None:
        """Take in one more value."""
        if value is None or self.kind == "text":
            return
        if self._pattern is not None and self._pattern.fullmatch(value):
            return
        kind = kind_of(value)
        if self.kind is None:
            self.kind = kind
        elif {self.kind, kind} == {"integer", "number"}:
            self.kind = "number"
        else:
            self.before, self.changed, self.kind = self.kind, (value, where), "text"
        self._pattern = _PATTERNS.get(self.kind)

    def convert(self, value: str | None) -> int | float | bool | str | None:
        """A value as the kind of its column."""
        if value is None:
            return None
        match self.kind:
            case "integer":
                return int(value)
            case "number":
                return float(value)
            case "boolean":
                return value.strip().lower() == "true"
        return value


def kind_of(value: str) -> Kind:
    """The kind of one value."""
    return next((kind for kind, one in _PATTERNS.items() if one.fullmatch(value)), "text")


def kind_of_all(values: Iterable[str | None]) -> ColumnKind:
    """The kind of a column with these values."""
    column = ColumnKind()
    for number, value in enumerate(values, start=1):
        column.learn(value, f"row {number:,}")
    return column
