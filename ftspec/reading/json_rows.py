"""Rows of JSON: one object per line, an array, or an object with the rows at a key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TextIO

from ftspec.reading.file_format import UnreadableError
from ftspec.reading.limits import LARGEST_JSON, lines_of, require_few_columns, rest_of
from ftspec.reading.row import Row

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"\s*")
_MOST_SPACE = 1000  # characters before an array
_AS_LINES = "write JSON lines: one object on each line"


def json_rows(stream: TextIO, key: str | None, *, is_whole: bool = True) -> Iterator[Row]:
    """The rows of a file. One that is not whole is cut off after a line.

    Raises:
        UnreadableError: the text is not JSON, or a value is not an object.
    """
    try:
        if key is not None:
            yield from _rows_below(stream, key) if is_whole else ()
            return
        yield from _rows(stream, is_whole)
    except RecursionError:
        raise UnreadableError("its values are nested too deeply") from None


def _rows(stream: TextIO, is_whole: bool) -> Iterator[Row]:
    """JSON lines are parsed line by line, anything else as a whole."""
    start = _start_of_array(stream)
    if start is not None:
        yield from _values(start + _whole(stream), 1, is_whole)
        return
    for number, line in enumerate(lines_of(stream), start=1):
        if not line.strip():
            continue
        try:
            if line.lstrip().startswith("["):
                raise ValueError
            value = json.loads(line)
        except ValueError:
            # an array, or objects over several lines
            yield from _values(line + _whole(stream), number, is_whole)
            return
        yield Row(number, _as_row(value, f"line {number}"))


def _start_of_array(stream: TextIO) -> str | None:
    """The first characters of an array, which may be a single line of any length. Otherwise the
    stream stays where it is."""
    place = stream.tell()
    start = stream.read(_MOST_SPACE)
    if start.lstrip().startswith("["):
        return start
    stream.seek(place)
    return None


def _whole(stream: TextIO) -> str:
    return rest_of(stream, LARGEST_JSON, "JSON that is not in lines", _AS_LINES)


def _values(text: str, first_line: int, is_whole: bool) -> Iterator[Row]:
    """The values of a text, which begins on a line: the items of an array, or one after the
    other."""
    end = len(text.rstrip())
    position = _skip(text, 0)
    is_array = text.startswith("[", position)
    position = _skip(text, position + is_array)
    number, line, counted = 0, first_line, 0
    try:
        while position < end and not (is_array and text[position] == "]"):
            value, after = _DECODER.raw_decode(text, position)
            line += text.count("\n", counted, position)
            counted, number = position, number + 1
            place, unit = (number, "item") if is_array else (line, "line")
            yield Row(place, _as_row(value, f"{unit} {place}"), unit)
            position = _skip(text, after)
            if is_array and position < end and text[position] != "]":
                if text[position] != ",":
                    raise json.JSONDecodeError("Expecting ',' delimiter", text, position)
                position = _skip(text, position + 1)
        if is_array and is_whole and position >= end:
            raise json.JSONDecodeError("Expecting ']'", text, end)
    except json.JSONDecodeError as error:
        if is_whole or error.pos < end:  # otherwise the text only ends here
            raise _not_json(error, first_line) from None
    except ValueError as error:  # a number with thousands of digits
        raise UnreadableError(f"line {line} has a value that is too large: {error}") from None


def _rows_below(stream: TextIO, key: str) -> Iterator[Row]:
    try:
        found = json.loads(_whole(stream))
    except json.JSONDecodeError as error:
        raise _not_json(error, 1) from None
    if not isinstance(found, dict):
        raise UnreadableError(
            f'it is not an object with the key "{key}"', 'remove "field" from the source'
        )
    if key not in found:
        raise UnreadableError(f'it has no key "{key}"')
    rows = found[key]
    if isinstance(rows, dict):
        rows = _transposed(rows)
    for number, row in enumerate(rows if isinstance(rows, list) else [rows], start=1):
        yield Row(number, _as_row(row, f"item {number}"), "item")


def _transposed(columns: dict[str, Any]) -> list[Any]:
    """The rows of lists of values by column, if the object is that, or the object as the only
    row."""
    lengths = {len(values) if isinstance(values, list) else -1 for values in columns.values()}
    if len(lengths) != 1 or -1 in lengths:
        return [columns]
    rows = zip(*columns.values(), strict=True)
    return [dict(zip(columns, values, strict=True)) for values in rows]


def _as_row(value: Any, where: str) -> dict[str, Any]:
    if isinstance(value, dict):
        require_few_columns(value, where)
        return value
    if isinstance(value, str):
        return {"text": value}
    raise UnreadableError(f"{where} must be an object with the columns of the spec")


def _not_json(error: json.JSONDecodeError, first_line: int) -> UnreadableError:
    reason = f"{error.msg[:1].lower()}{error.msg[1:]}"
    # the parser reports what is missing at the end of a line on the next line
    line = first_line + error.doc[: error.pos].rstrip().count("\n")
    return UnreadableError(f"line {line} is not JSON: {reason}")


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None
    return match.end()
