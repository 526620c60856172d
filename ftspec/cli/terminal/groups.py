"""The metrics of groups of rows, as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ftspec.cli.terminal.columns import aligned
from ftspec.diagnostics.model import printable


def groups_shown(by: Mapping[str, Any], of: str = "") -> Iterator[str]:
    """A table for each column, of the set ``of`` if there are several."""
    for column, groups in by.items():
        names = list(dict.fromkeys(name for one in groups.values() for name in one["metrics"]))
        rows = [
            (
                printable(value),
                f"{one['rows']:,}",
                *(_shown(one["metrics"].get(name)) for name in names),
            )
            for value, one in groups.items()
        ]
        heading = f"{of} by {column}" if of else column
        yield ""
        yield from aligned((printable(heading), "rows", *names), rows)


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
