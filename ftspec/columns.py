"""The columns of a file of rows, told from its first bytes by the standard library alone.

Nothing here guesses: where the first bytes do not settle it, the columns are ``None``.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LARGEST = 65_536  # bytes read: enough for a row, and quick on any disk
_COMPRESSED = (b"\x1f\x8b", b"PK", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18")
_PARQUET = b"PAR1"
_SPACE = re.compile(r"\s*")

Columns = Mapping[str, Any]
"""Names to the columns nested in them, to ``{}`` where there are none, to ``None`` where only null
was seen."""


class UnreadableError(ValueError):
    """The file is not what it should be; ``line`` counts from 1."""

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


@dataclass(frozen=True)
class Head:
    """The first lines of a file; ``is_whole`` where they are all of it."""

    text: str
    is_whole: bool


def read_head(path: Path) -> Head | None:
    """What can be read of a text file; ``None`` for a compressed one and one without access.

    Raises:
        UnreadableError: the file is no text in UTF-8.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except (OSError, ValueError):
        return None
    if content.startswith(_COMPRESSED):
        return None
    if content.startswith(_PARQUET):
        raise UnreadableError("it is a Parquet file")
    is_whole = len(content) <= LARGEST
    if not is_whole:  # whole lines only: no token of JSON goes over the end of one
        content = content[: content.rfind(b"\n", 0, LARGEST) + 1]
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableError("it is not UTF-8 text", line) from None
    return Head(text, is_whole)


def csv_columns(head: Head, delimiter: str) -> Columns | None:
    """The columns of the header line, named as pandas names them.

    Raises:
        UnreadableError: the file is empty.
    """
    lines = csv.reader(head.text.splitlines(keepends=True), delimiter=delimiter)
    try:
        header = next((line for line in lines if line), None)
    except csv.Error:
        return None
    if header is None and head.is_whole:
        raise UnreadableError("it has no header line")
    columns: dict[str, Any] = {}
    for index, written in enumerate(header or ()):
        name = stem = written or f"Unnamed: {index}"
        count = 0
        while name in columns:
            count += 1
            name = f"{stem}.{count}"
        columns[name] = {}
    return columns or None


def json_columns(head: Head, key: str | None) -> Columns | None:
    """The columns of JSON lines or of an array of objects, below ``key`` where one is given.

    Raises:
        UnreadableError: the file is no such JSON.
    """
    rows = _rows(head) if key is None else _rows_below(head, key)
    if not rows or not all(isinstance(row, dict) for row in rows):
        return None
    if not head.is_whole and any(row.keys() != rows[0].keys() for row in rows):
        return None  # a row further down may have more
    return _merged(rows)


def has_column(columns: Columns, name: str) -> bool:
    """Whether there may be such a column; a dotted name reaches into nested ones."""
    if name in columns:
        return True
    inner: Any = columns
    for step in name.split("."):
        if inner is None:
            return True
        if step not in inner:
            return False
        inner = inner[step]
    return True


def dotted_names(columns: Columns) -> list[str]:
    """The columns, nested ones dotted."""
    return [
        f"{name}.{below}" if below else name
        for name, inner in columns.items()
        for below in (dotted_names(inner) if inner else ("",))
    ]


def _rows(head: Head) -> list[Any]:
    """The rows of JSON lines, or of an array, as far as they can be seen."""
    decoder = json.JSONDecoder()
    text, end = head.text, len(head.text.rstrip())
    position = _skip(text, 0)
    is_array = text.startswith("[", position)
    position = _skip(text, position + is_array)
    rows = []
    try:
        while position < end:
            if is_array and text[position] == "]":
                break
            row, position = decoder.raw_decode(text, position)
            rows.append(row)
            position = _skip(text, position)
            if is_array and position < end and text[position] != "]":
                if text[position] != ",":
                    raise json.JSONDecodeError("Expecting ',' delimiter", text, position)
                position = _skip(text, position + 1)
    except json.JSONDecodeError as error:
        if head.is_whole or error.pos < end:
            raise UnreadableError(f"it is not JSON: {_lower(error.msg)}", error.lineno) from None
    except RecursionError:
        return []
    return rows


def _rows_below(head: Head, key: str) -> list[Any]:
    if not head.is_whole:
        return []
    try:
        found = json.loads(head.text)
    except json.JSONDecodeError as error:
        raise UnreadableError(f"it is not JSON: {_lower(error.msg)}", error.lineno) from None
    except RecursionError:
        return []
    if not isinstance(found, dict):
        return []
    if key not in found:
        raise UnreadableError(f'it has no key "{key}"')
    rows = found[key]
    return rows if isinstance(rows, list) else [rows]


def _merged(values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    names = dict.fromkeys(name for value in values for name in value)
    return {name: _shape([value.get(name) for value in values]) for name in names}


def _shape(values: Iterable[Any]) -> Columns | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return _merged(known) if all(isinstance(value, dict) for value in known) else {}


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None
    return match.end()


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
