"""Columns as a spec names them: ``text``, ``translation.en``, ``answers.text[0]``, ``tools:json``.

A column that is literally called so comes before a path into another column.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

JSON = ":json"
_STEP = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<index>-?\d+)\]")
_MARK = "\ufeff"  # a byte order mark, which some programs write before a text


class MissingColumnError(KeyError):
    """A row does not have the column."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


class NotTextError(TypeError):
    """A text would contain a value that is not text, such as a list."""

    def __init__(self, column: str, value: Any) -> None:
        super().__init__(column)
        self.column = column
        self.type = type_name(value)

    @property
    def headline(self) -> str:
        """What is wrong, for people."""
        return f'the column "{self.column}" has {self.type}, and the template makes a text of it'

    @property
    def helps(self) -> tuple[str, ...]:
        """What to write instead."""
        path = self.column.removesuffix(JSON)
        inner = f"{{{path}[0]}}" if self.type == "a list" else f"{{{path}.NAME}}"
        return (f'name a text inside it, such as "{inner}", or write "{{{path}:json}}" for JSON',)


def value_of(row: Mapping[str, Any], column: str) -> Any:
    """The value of a column. A dotted name reads a nested value, and a number in brackets an item
    of a list; ``None`` has only ``None`` inside it, and so has a list after its end.

    Raises:
        MissingColumnError: the row does not have the column.
    """
    if column in row:
        return row[column]
    if column.endswith(JSON):
        return as_json(value_of(row, column.removesuffix(JSON)))
    top = top_column(column, row)
    if top is None:
        raise MissingColumnError(column)
    return _inside(row[top], column[len(top) :], column)


def values_of(columns: Mapping[str, Sequence[Any]], column: str) -> list[Any]:
    """The value of a column in each row of a batch.

    Raises:
        MissingColumnError: a row does not have the column.
    """
    if column in columns:
        return list(columns[column])
    top = top_column(column, columns)
    if top is None:
        raise MissingColumnError(column)
    return [value_of({top: value}, column) for value in columns[top]]


def top_column(column: str, names: Collection[str]) -> str | None:
    """The column of a row, of these names, that has the value of ``column`` in it."""
    return next((name for name in _tops(column) if name in names), None)


def as_json(value: Any) -> str | None:
    """A value as JSON; nothing for no value."""
    return None if value is None else json.dumps(value, ensure_ascii=False, default=str)


def as_text(value: Any, column: str) -> str:
    """A value within a longer text.

    Raises:
        NotTextError: it is a list, a mapping, or bytes.
    """
    if isinstance(value, str):
        return value.removeprefix(_MARK)
    if value is None:
        return ""
    if isinstance(value, (Mapping, bytes)) or (not isinstance(value, _PLAIN) and _is_list(value)):
        raise NotTextError(column, value)
    return str(value)


def without_mark(value: Any) -> Any:
    """A value, without a byte order mark if it is a text."""
    return value.removeprefix(_MARK) if isinstance(value, str) else value


def is_empty(value: Any) -> bool:
    """Whether there is nothing to write: no value, a blank text, or an empty list or mapping."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip().removeprefix(_MARK)
    return hasattr(value, "__len__") and len(value) == 0


def type_name(value: Any) -> str:
    """The type of a value, for people."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, bytes):
        return "bytes"
    return "a list" if _is_list(value) else f"a value of type {type(value).__name__}"


_PLAIN = (int, float)


def _is_list(value: Any) -> bool:
    return not isinstance(value, (str, bytes)) and hasattr(value, "__iter__")


def _tops(column: str) -> Iterator[str]:
    """Every name that may be that of the column itself, the longest first."""
    yield column
    if column.endswith(JSON):
        column = column.removesuffix(JSON)
        yield column
    ends = [match.start() for match in re.finditer(r"[.\[]", column)]
    for end in reversed(ends):
        yield column[:end]


def _inside(value: Any, path: str, column: str) -> Any:
    position = 0
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            raise MissingColumnError(column)
        position = step.end()
        if value is None:
            continue
        if step["index"] is not None:
            if isinstance(value, (str, Mapping)) or not hasattr(value, "__getitem__"):
                raise MissingColumnError(column)
            index = int(step["index"])
            value = value[index] if -len(value) <= index < len(value) else None
        elif isinstance(value, Mapping) and step["name"] in value:
            value = value[step["name"]]
        else:
            raise MissingColumnError(column)
    return value
