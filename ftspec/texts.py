"""Text fields: a check that every value is text, for any task."""

from __future__ import annotations

from typing import Any

from ftspec.errors import RunError


def checked_texts(values: list[Any], field: str) -> list[str]:
    """The values of a text field.

    Raises:
        RunError: a value is not text.
    """
    for value in values:
        if not isinstance(value, str):
            found = "nothing" if value is None else f"a value of type {type(value).__name__}"
            raise RunError(
                f'the field "{field}" must be text, and a row has {found}',
                slug="field-type",
                at=("preprocess", "template", field),
                helps=(
                    'drop rows without text: "transforms: [{type: filter, column: …, '
                    'not_missing: true}]"',
                ),
            )
    return values
