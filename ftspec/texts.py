"""Text fields: a check that every value is text, for any task."""

from __future__ import annotations

from typing import Any

from ftspec.errors import RunError
from ftspec.spec.column_path import type_name

DROP_EMPTY = 'drop rows without text: "transforms: [{type: filter, column: …, not_missing: true}]"'
_AROUND = (
    'text beside the placeholder makes a text of it, as in "code {column}"; a single space is '
    'enough: "{column} "'
)
_INSIDE = 'name a text inside the value, such as "{column[0]}", or write "{column:json}" for JSON'


def checked_texts(values: list[Any], field: str) -> list[str]:
    """The values of a text field.

    Raises:
        RunError: a value is not text, or has half of a character.
    """
    for value in values:
        if not isinstance(value, str):
            raise _not_text(value, field)
    try:
        "".join(values).encode()
    except UnicodeEncodeError:
        raise _half_character(values, field) from None
    return values


def empty_text_note(field: str, literal: str, *, rows: int, where: str) -> str:
    """What lint and the run say of rows without a text of their own.

    Args:
        field: the text field.
        literal: what its template makes of an empty row.
        rows: how many rows have no text.
        where: the place of the first one.
    """
    lacking = "only the template's own text" if literal else "no text"
    verb = "row has" if rows == 1 else "rows have"
    place = f"it is {where}" if rows == 1 else f"the first is {where}"
    return f'{rows:,} {verb} {lacking} in the field "{field}" ({place})'


def _not_text(value: Any, field: str) -> RunError:
    found = type_name(value)
    if value is None:
        found, help_ = "nothing", DROP_EMPTY
    elif found.startswith("a value"):
        help_ = _AROUND
    else:
        found, help_ = f"a value of type {type(value).__name__}", _INSIDE
    return RunError(
        f'the field "{field}" must be text, and a row has {found}',
        slug="field-type",
        at=("preprocess", "template", field),
        helps=(help_,),
    )


def _half_character(values: list[str], field: str) -> RunError:
    number = next(number for number, value in enumerate(values, start=1) if not is_unicode(value))
    return RunError(
        f'the field "{field}" has half of a character (a lone surrogate) in text {number:,} of a '
        "batch",
        slug="field-type",
        at=("preprocess", "template", field),
        helps=("repair the text where it was cut; no model can read half of a character",),
    )


def is_unicode(text: str) -> bool:
    """Whether a text has only whole characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
