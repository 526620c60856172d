"""Rows of data from a file, for prediction. Reads one row at a time where the format allows it."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from ftspec.errors import RunError

Row = Mapping[str, Any]
FromText = Callable[[str], Row]


def read_rows(file: Path, from_text: FromText) -> Iterator[Row]:
    """The rows of a file, read lazily; ``from_text`` makes a row from a plain text.

    Raises:
        RunError: the content of the file does not match the ending of its name.
    """
    suffix = file.suffix.lower()
    # the csv module needs the line ends unchanged: a quoted value may contain line ends
    with file.open(encoding="utf-8-sig", newline="" if suffix == ".csv" else None) as stream:
        try:
            yield from FORMATS[suffix](stream, from_text)
        except UnicodeDecodeError:
            raise _unreadable(file, "it is not UTF-8 text") from None
        except (ValueError, csv.Error) as error:
            raise _unreadable(file, str(error)) from None


def _unreadable(file: Path, why: str) -> RunError:
    return RunError(f'cannot read "{file}": {why}', slug="unreadable-data")


def _json_lines(stream: TextIO, from_text: FromText) -> Iterator[Row]:
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ValueError(f"line {number} is not JSON: {error}") from None
        yield _checked(row, f"line {number}")


def _json_array(stream: TextIO, from_text: FromText) -> Iterator[Row]:
    rows = json.load(stream)
    if not isinstance(rows, list):
        raise ValueError("it must be an array of objects")
    for number, row in enumerate(rows, start=1):
        yield _checked(row, f"item {number}")


def _checked(row: Any, where: str) -> Row:
    if not isinstance(row, dict):
        raise ValueError(f"{where} must be an object with the columns of the spec")
    return row


def _separated_values(stream: TextIO, from_text: FromText) -> Iterator[Row]:
    csv.field_size_limit(sys.maxsize)  # a long document exceeds the default of 128 KiB
    yield from csv.DictReader(stream)


def _text_lines(stream: TextIO, from_text: FromText) -> Iterator[Row]:
    for line in stream:
        if line.strip():
            yield from_text(line.rstrip("\n"))


FORMATS: Mapping[str, Callable[[TextIO, FromText], Iterator[Row]]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json_array,
    ".csv": _separated_values,
    ".txt": _text_lines,
}
"""The reader for each ending of a file name."""
