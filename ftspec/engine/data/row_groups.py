"""The values of columns by which rows are measured apart. No template reads these columns, so they
are read from the source again."""

from __future__ import annotations

from typing import Any, cast

import datasets

from ftspec.document.paths import SpecPath
from ftspec.engine.components.factories import build
from ftspec.engine.data.columns import Rows, unknown_column
from ftspec.engine.progress.run_log import Note
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.planning.used_columns import used_columns
from ftspec.protocols import Context, Source
from ftspec.spec.column_uses import ColumnUses


def source_with(plan: Plan, by: tuple[str, ...], note: Note) -> Source:
    """The source of a plan, which also reads the columns of ``by``."""
    uses = used_columns(plan)
    columns = ColumnUses((*uses.named, *((name, "text") for name in by)), uses.others)

    def make_context(planned: PlannedComponent, children: dict[SpecPath, Any]) -> Context:
        return Context(
            section=planned.at, seed=plan.seed, note=note, children=children, columns=columns
        )

    return cast(Source, build(plan.source, make_context))


def group_values(rows: Rows, by: tuple[str, ...], at: SpecPath = ()) -> dict[str, list[str]]:
    """For each column its values as text, one for each row.

    Raises:
        RunError: there is no such column.
    """
    for name in by:
        if name not in (rows.column_names or ()):
            raise unknown_column(name, rows, at)
    assert isinstance(rows, datasets.Dataset)  # streams are stored before
    return {name: [str(value) for value in rows[name]] for name in by}
