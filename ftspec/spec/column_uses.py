"""How a spec uses the columns of its rows. A reader needs no more of a file than that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ftspec.spec.column_path import top_column

ColumnUse = Literal["text", "json", "value"]
"""As text; as JSON, with exactly the keys that it has; or as a value, whose type matters."""

_ORDER: tuple[ColumnUse, ...] = ("text", "json", "value")


@dataclass(frozen=True)
class ColumnUses:
    """The uses of columns.

    Attributes:
        named: each column as the spec names it, and how it is used. One may be there twice.
        others: the use of all other columns; ``None`` if nothing reads them.
    """

    named: tuple[tuple[str, ColumnUse], ...]
    others: ColumnUse | None = None

    def of(self, names: Iterable[str]) -> dict[str, ColumnUse | None]:
        """The use of each column of a file."""
        uses: dict[str, ColumnUse | None] = dict.fromkeys(names, self.others)
        for column, use in self.named:
            top = top_column(column, uses)
            if top is not None:
                before = uses[top]
                uses[top] = use if before is None else max(before, use, key=_ORDER.index)
        return uses


ANY_USE = ColumnUses((), "value")
"""Any column may be used as a value."""
