"""Columns of one row from the command line, as ``--column NAME=VALUE``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ftspec.cli.rows import Row
from ftspec.components import TaskComponent
from ftspec.errors import UsageError
from ftspec.planning.plan import Plan
from ftspec.spec.template import parse_template


def read_columns(written: Sequence[str], plan: Plan) -> Row:
    """The values by column: a list or an object where one is written for a field that takes any
    type, and text everywhere else. A number stays text, as a word may well be one.

    Raises:
        UsageError: one has no name, or begins like a list or an object and is none.
    """
    of_any_type = _columns_of_any_type(plan)
    row: dict[str, Any] = {}
    for one in written:
        name, equals, text = one.partition("=")
        if not equals or not name:
            raise UsageError(f'--column takes NAME=VALUE, as in question="…", found "{one}"')
        is_json = name in of_any_type and text.lstrip().startswith(("[", "{"))
        row[name] = _from_json(name, text) if is_json else text
    return row


def _columns_of_any_type(plan: Plan) -> set[str | None]:
    """The columns whose values such a field gets as they are."""
    assert isinstance(plan.task.component, TaskComponent)
    return {
        parse_template(plan.template[field.name]).bare_column
        for field in plan.task.component.fields
        if field.type == "any" and field.name in plan.template
    }


def _from_json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"--column {name} begins like a list or an object, and is not JSON: {error}; a text "
            "that begins so can be given with --file"
        ) from None
