"""Rows from the standard input: JSON lines, as they come."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from ftspec.errors import UsageError

STANDARD_INPUT = "-"
_BYTES = 1 << 16
_LONGEST_LINE = 100_000_000


def rows_at_hand(descriptor: int, most: int) -> Iterator[list[tuple[int, Mapping[str, Any]]]]:
    """The rows that are there, with the numbers of their lines, at most so many at once. A row does
    not wait for another.

    Raises:
        UsageError: a line is no JSON object.
    """
    number = 0
    for lines in _lines_at_hand(descriptor):
        rows = []
        for line in lines:
            number += 1
            if line.strip():
                rows.append((number, _row_in(line, number)))
        for start in range(0, len(rows), most):
            yield rows[start : start + most]


def _lines_at_hand(descriptor: int) -> Iterator[list[bytes]]:
    rest = bytearray()
    while data := os.read(descriptor, _BYTES):
        rest += data
        if b"\n" in data:
            whole, _, after = bytes(rest).rpartition(b"\n")
            rest = bytearray(after)
            yield whole.split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise UsageError(f"a line of the standard input has over {_LONGEST_LINE:,} bytes")
    if rest:
        yield [bytes(rest)]


def _row_in(line: bytes, number: int) -> Mapping[str, Any]:
    try:
        row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise UsageError(f"line {number:,} of the standard input is no JSON object")
    return row
