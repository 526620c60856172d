"""The columns of a file of rows, from its first bytes, with the standard library only.

If the first bytes do not determine the columns, they are ``None``.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

LARGEST = 65_536  # bytes read: enough for a row, and fast on any disk
_COMPRESSED = (b"\x1f\x8b", b"PK", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18")
_PARQUET = b"PAR1"
_DECODER = json.JSONDecoder(parse_int=float)  # int refuses very long numbers
_DEEPEST = 20  # levels of nested columns
_SPACE = re.compile(r"\s*")

Columns = Mapping[str, Any]
"""Names mapped to their nested columns: ``{}`` if there are none, ``None`` if only null occurs."""


class UnreadableError(ValueError):
    """The file does not have its format. The text says why, and on which line if possible."""


class Head(NamedTuple):
    """The first lines of a file. ``is_whole`` says whether they are the whole file."""

    text: str
    is_whole: bool


def read_head(path: Path, encoding: str = "utf-8") -> Head | None:
    """The head of a text file; ``None`` for compressed and inaccessible files.

    Raises:
        UnreadableError: the file is not text in this encoding.
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
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(content, final=is_whole)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableError(f"line {line} is not {encoding.upper()} text") from None
    text = text.removeprefix("\ufeff")
    if not is_whole:  # whole lines only: JSON tokens do not span lines
        text = text[: text.rfind("\n") + 1]
    return Head(text, is_whole)


def csv_columns(head: Head, delimiter: str) -> Columns | None:
    """The columns of the header line, with the names that pandas gives them.

    Raises:
        UnreadableError: the file is empty, or a row has more values than the header.
    """
    lines = csv.reader(io.StringIO(head.text, newline=""), delimiter=delimiter)
    try:
        header = next((line for line in lines if line), None)
        is_cut_off = not head.is_whole
        for row in lines:
            is_cut_off = False
            if header is not None and len(row) > len(header):
                shape = f"{len(row)} values, and the header {len(header)}"
                raise UnreadableError(f"line {lines.line_num} has {shape}")
    except csv.Error:
        return None
    if is_cut_off:
        return None
    if header is None:
        raise UnreadableError("it has no header line")
    columns: dict[str, Any] = {}
    for index, written in enumerate(header):
        name = stem = written or f"Unnamed: {index}"
        count = 0
        while name in columns:
            count += 1
            name = f"{stem}.{count}"
        columns[name] = {}
    return columns


def json_columns(head: Head, key: str | None) -> Columns | None:
    """The columns of JSON lines or of an array of objects, below ``key`` if given.

    Raises:
        UnreadableError: the file is not such JSON.
    """
    try:
        rows = _rows(head) if key is None else _rows_below(head, key)
    except json.JSONDecodeError as error:
        reason = f"{error.msg[:1].lower()}{error.msg[1:]}"
        # the parser reports what is missing at the end of a line on the next line
        line = error.doc[: error.pos].rstrip().count("\n") + 1
        raise UnreadableError(f"line {line} is not JSON: {reason}") from None
    except RecursionError:
        return None
    if not all(isinstance(row, dict) for row in rows):
        return None
    return _shape(rows, head.is_whole, depth=0) or None


def has_column(columns: Columns, name: str) -> bool:
    """Whether the column may exist. A dotted name reads a nested column."""
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
    """The columns; names of nested columns are dotted."""
    return [
        f"{name}.{below}" if below else name
        for name, inner in columns.items()
        for below in (dotted_names(inner) if inner else ("",))
    ]


def _rows(head: Head) -> list[Any]:
    """The values of JSON lines, or the items of an array, as far as the head shows them."""
    text, end = head.text, len(head.text.rstrip())
    position = _skip(text, 0)
    is_array = text.startswith("[", position)
    position = _skip(text, position + is_array)
    rows = []
    try:
        while position < end and not (is_array and text[position] == "]"):
            row, position = _DECODER.raw_decode(text, position)
            rows.append(row)
            position = _skip(text, position)
            if is_array and position < end and text[position] != "]":
                if text[position] != ",":
                    raise json.JSONDecodeError("Expecting ',' delimiter", text, position)
                position = _skip(text, position + 1)
    except json.JSONDecodeError as error:
        if head.is_whole or error.pos < end:  # otherwise the head only ends here
            raise
    return rows


def _rows_below(head: Head, key: str) -> list[Any]:
    if not head.is_whole:
        return []
    found = json.loads(head.text, parse_int=float)
    if not isinstance(found, dict):
        return []
    if key not in found:
        raise UnreadableError(f'it has no key "{key}"')
    return found[key] if isinstance(found[key], list) else [found[key]]


def _shape(values: Iterable[Any], is_whole: bool, *, depth: int) -> Columns | None:
    """The nested columns in values of one column; ``None`` if other values may have more."""
    known = [value for value in values if value is not None]
    rows = [value for value in known if isinstance(value, dict)]
    if not known or 0 < len(rows) < len(known) or depth > _DEEPEST:
        return None
    if not is_whole and any(row.keys() != rows[0].keys() for row in rows):
        return None
    names = dict.fromkeys(name for row in rows for name in row)
    return {
        name: _shape([row.get(name) for row in rows], is_whole, depth=depth + 1) for name in names
    }


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None
    return match.end()
