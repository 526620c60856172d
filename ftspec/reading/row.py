"""One row of a file."""

from __future__ import annotations

from typing import Any, NamedTuple


class Row(NamedTuple):
    """The values of a row by column, and where it is in its file: the number of a line, or of an
    item of an array."""

    number: int
    values: dict[str, Any]
    unit: str = "line"

    @property
    def where(self) -> str:
        """The place of the row, for people."""
        return f"{self.unit} {self.number:,}"
