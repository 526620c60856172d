"""Rows of plain text: lines, paragraphs, or whole files. Their only column is "text"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from ftspec.reading.file_format import SampleBy, UnreadableError
from ftspec.reading.limits import LONGEST_ROW, lines_of, rest_of
from ftspec.reading.row import Row

TEXT = "text"
"""The column of a plain text."""

_SPLIT = 'split it, or write "sample_by: line"'


def text_rows(stream: TextIO, sample_by: SampleBy) -> Iterator[Row]:
    """The rows of a file."""
    if sample_by == "document":
        yield Row(1, {TEXT: rest_of(stream, LONGEST_ROW, "the document", _SPLIT)})
    elif sample_by == "paragraph":
        yield from _paragraphs(stream)
    else:
        for number, line in enumerate(lines_of(stream), start=1):
            yield Row(number, {TEXT: line.rstrip("\n")})


def _paragraphs(stream: TextIO) -> Iterator[Row]:
    first, lines = 0, ""
    for number, line in enumerate(lines_of(stream), start=1):
        if line != "\n":
            first = first or number
            lines += line
            if len(lines) > LONGEST_ROW:
                raise UnreadableError(
                    f"the paragraph that begins on line {first:,} has more than {LONGEST_ROW:,} "
                    "characters",
                    _SPLIT,
                )
        elif lines:
            yield Row(first, {TEXT: lines.removesuffix("\n")})
            first, lines = 0, ""
    if lines:
        yield Row(first, {TEXT: lines.removesuffix("\n")})
