"""The columns of one row, given on the command line as ``--column NAME=VALUE``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ftspec.errors import UsageError
from ftspec.planning.plan import Plan
from ftspec.spec.template import parse_template


def read_columns(written: Sequence[str], plan: Plan) -> Mapping[str, Any]:
    """The values by column.

    A value that looks like a JSON list or object is parsed if its field takes any type. Every
    other value stays text: a number may be a word of the text.

    Raises:
        UsageError: a value has no column name, or looks like a list or an object but is not JSON.
    """
    of_any_type = _columns_of_any_type(plan)
    row: dict[str, Any] = {}
    for one in written:
        name, equals, text = one.partition("=")
        if not equals or not name:
            raise UsageError(f'--column expects NAME=VALUE, as in question="…"; found "{one}"')
        is_json = name in of_any_type and text.lstrip().startswith(("[", "{"))
        row[name] = _from_json(name, text) if is_json else text
    return row


def _columns_of_any_type(plan: Plan) -> set[str | None]:
    """The columns that go unchanged into a field of any type."""
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
            f"--column {name} looks like a list or an object, but is not JSON: {error}; "
            "pass such a text with --file"
        ) from None
