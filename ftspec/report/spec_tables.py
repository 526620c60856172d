"""The spec of a run, and where each of its values comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from ftspec.document.paths import format_path
from ftspec.planning.provenance import leaves_of
from ftspec.report.run_files import RunFiles
from ftspec.report.tables import Column, Table, counted_out, shortened

_MOST_VALUES = 500


class SpecTables(NamedTuple):
    """The values that somebody wrote, and the defaults. All are written where it is not known."""

    written: Table | None
    defaults: Table | None


def spec_tables(files: RunFiles) -> SpecTables:
    """The resolved spec as tables."""
    spec = files.object_in("plan.json").get("spec")
    values = {format_path(path): _shown(value) for path, value in leaves_of(spec)}
    origins = {key: _places(places) for key, places in files.origins.items()}
    if not origins:
        return SpecTables(_table("The spec with all defaults", values, None), None)
    written = {key: value for key, value in values.items() if origins.get(key)}
    defaults = {key: value for key, value in values.items() if key not in written}
    return SpecTables(
        _table("What the spec says, and where", written, origins),
        _table("Defaults", defaults, None),
    )


def _table(
    caption: str, values: Mapping[str, str], origins: Mapping[str, str] | None
) -> Table | None:
    rows = [
        (key, value, *([origins.get(key, "")] if origins is not None else []))
        for key, value in list(values.items())[:_MOST_VALUES]
    ]
    columns = (Column("key"), Column("value"), *([Column("from")] if origins is not None else []))
    left_out = counted_out(len(values), _MOST_VALUES, "values")
    return Table(caption, columns, rows, left_out) if rows else None


def _places(places: Any) -> str:
    """Where a value is written; it may override others."""
    if not isinstance(places, list):
        return ""
    first, *others = [*map(str, places), ""][: max(1, len(places))]
    return first + (f", over {', '.join(others)}" if others else "")


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shortened(text)
