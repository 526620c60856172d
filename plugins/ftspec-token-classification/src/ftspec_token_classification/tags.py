"""The tags of a row. Imports nothing heavy, because lint reads them too."""

from __future__ import annotations

from typing import Any

from ftspec.api import RunError

TAGS = ("preprocess", "template", "tags")

_BARE = 'write only the placeholder of a column of lists, as in tags: "{ner_tags}"'
_WRITTEN = (
    "the column has texts that look like lists: a CSV file cannot hold lists, so save the rows as "
    'JSON lines or Parquet, as in "source: {type: json, files: train.jsonl}"'
)
_TEXT = (
    "the column has texts: save the rows as JSON lines or Parquet, with a list of tags in each row"
)


def as_tags(value: Any) -> list[Any]:
    """The tags of the field ``tags``.

    Raises:
        RunError: the value is not a list.
    """
    if isinstance(value, list):
        return value
    found = "nothing" if value is None else f'"{value}"'
    raise RunError(
        f'the field "tags" must be a list, and a row has {found}',
        slug="token-classification/tags",
        at=TAGS,
        helps=(_help_for(value),),
    )


def _help_for(value: Any) -> str:
    if not isinstance(value, str):
        return _BARE
    return _WRITTEN if value.strip().startswith(("[", "(")) else _TEXT
