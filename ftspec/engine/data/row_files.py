"""The rows of a file for prediction, as a source of the spec reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

from ftspec.engine.components.factories import build
from ftspec.engine.progress.run_log import Note
from ftspec.errors import RunError
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.planning.used_columns import input_columns
from ftspec.protocols import Context, Source


def read_file(
    source: PlannedComponent, plan: Plan, note: Note, *, with_all_columns: bool = False
) -> Iterator[dict[str, Any]]:
    """The rows of a source that has one file: the columns that a prediction reads, or all.

    Raises:
        RunError: the file cannot be read.
    """

    uses = input_columns(plan)
    if with_all_columns:
        uses = replace(uses, others="value")

    def make_context(planned: PlannedComponent, children: Any) -> Context:
        return Context(
            section=planned.at,
            seed=plan.seed,
            note=note,
            children=children,
            columns=uses,
        )

    opened = cast(Source, build(source, make_context))
    try:
        yield from opened.load(opened.split_names()[0])
    except RunError as error:
        raise RunError(error.headline, slug=error.slug, helps=error.helps) from error
