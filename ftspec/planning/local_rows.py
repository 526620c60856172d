"""The first rows of a plan's local source, and the fields that its template makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ftspec.planning.local_columns import local_columns
from ftspec.planning.plan import Plan
from ftspec.spec.column_path import MissingColumnError, NotTextError
from ftspec.spec.template import Template, parse_template

_KEEPING = {"deduplicate"}  # transforms after which the first row is still the first row


class LocalRow(NamedTuple):
    """A row, as a run would get it.

    Attributes:
        where: its place in the file, for people.
        columns: its values by column.
        fields: the values of the template's fields; ``None`` for a missing one.
    """

    where: str
    columns: Mapping[str, Any]
    fields: Mapping[str, Any]


def local_rows(plan: Plan) -> list[LocalRow]:
    """The first rows; none if they are not known: the source is not local, or a transform may
    change or drop them."""
    known = local_columns(plan.source)
    if known is None or known.sample is None:
        return []
    if any(transform.type not in _KEEPING for transform in plan.transforms):
        return []
    templates = {name: parse_template(text) for name, text in plan.template.items()}
    return [
        LocalRow(
            row.where,
            row.values,
            {name: _render(template, row.values) for name, template in templates.items()},
        )
        for row in known.sample.rows
    ]


def _render(template: Template, row: Mapping[str, Any]) -> Any:
    try:
        return template.render(row)
    except (MissingColumnError, NotTextError):  # other checks find these
        return None
