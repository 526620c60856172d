"""Texts that a careless reader changes, and files of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

TEXTS = (
    "007",
    "None",
    "NA",
    'she said "no", and then "yes"',
    "a\ttab, two  spaces",
    "two\nlines; one text",
    " space around it ",
    "it's 100% {not} a \\n 'placeholder'",
    "1e5",
    "-0",
    "True",
    '"',
    "eine große Straße, একটি ছোট গাছ, 木",
    "nan",
    "#no comment",
    "a long text " + "that goes on and on and " * 12 + "stops",
)

CODES = ("00501", "02134", "10001", "1e3", "007", "7", "0x1F", "1_000")
"""What looks like a number, with characters that a number loses."""

RATINGS = (1.5, -0.25, 3.0, 0.125)


def write_separated(file: Path, rows: Sequence[Mapping[str, str]], delimiter: str) -> Path:
    """The rows as separated values, quoted where needed."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return file


def read_separated(file: Path, delimiter: str) -> list[dict[str, str]]:
    """The rows, by the standard library: every value is text."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def write_lines(file: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """The rows as JSON lines."""
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    file.write_text("".join(lines), encoding="utf-8")
    return file


def read_lines(file: Path) -> list[dict[str, Any]]:
    """The rows of JSON lines, by the standard library."""
    with file.open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]
