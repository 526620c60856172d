"""Places in source text, for diagnostics."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""The line breaks of the YAML parser."""


class Position(NamedTuple):
    """A place between two characters. Line and column start at 0; renderers add 1."""

    line: int
    column: int


@dataclass(frozen=True)
class SourceText:
    """A text with spans: a file, standard input, or one ``--set`` argument.

    ``path`` is the file on disk, or ``None``. Relative paths in the text are relative to its
    folder. Two texts with the same name and path are equal, even if one has secrets removed.
    """

    name: str
    text: str = field(repr=False, compare=False)
    path: Path | None = None

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines without line breaks, as the YAML parser counts them."""
        return tuple(LINE_BREAK.split(self.text))

    @property
    def folder(self) -> Path:
        """The folder of relative paths in this text."""
        return self.path.parent if self.path is not None else Path.cwd()

    def anchor(self, written: str) -> Path:
        """The absolute path of a path written in this text."""
        path = Path(written)
        with suppress(RuntimeError):  # there is no user with the name after "~"
            path = path.expanduser()
        return Path(os.path.normpath(self.folder / path))


class Span(NamedTuple):
    """A half-open range ``[start, end)`` of a source text."""

    source: SourceText
    start: Position
    end: Position

    def __str__(self) -> str:
        return f"{self.source.name}:{self.start.line + 1}:{self.start.column + 1}"

    @property
    def excerpt(self) -> str:
        """The text of the span, up to the end of the first line."""
        line = self.source.lines[self.start.line]
        end = self.end.column if self.end.line == self.start.line else len(line)
        return line[self.start.column : end]


def whole_line(source: SourceText, line: int = 0) -> Span:
    """The span of one line, for findings about a whole text."""
    return Span(source, Position(line, 0), Position(line, len(source.lines[line])))
