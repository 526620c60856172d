"""Rows of separated values, as the ``csv`` module reads them. Only an empty field is missing."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TextIO

from ftspec.reading.file_format import Quoting, UnreadableError
from ftspec.reading.limits import LONGEST_ROW, lines_of, require_few_columns
from ftspec.reading.row import Row

_QUOTING: dict[Quoting, Literal[0, 1, 3]] = {
    "minimal": csv.QUOTE_MINIMAL,
    "all": csv.QUOTE_ALL,
    # not its own number: it would read every value without quotes as a number
    "nonnumeric": csv.QUOTE_MINIMAL,
    "none": csv.QUOTE_NONE,
}


@dataclass(frozen=True)
class Dialect:
    """What separates values, and whether quotes are special."""

    delimiter: str
    quoting: Quoting = "minimal"
    quotechar: str = '"'
    escapechar: str | None = None

    def reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """A reader of the ``csv`` module."""
        csv.field_size_limit(sys.maxsize)  # a long document exceeds the default of 128 KiB
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quotechar,
            escapechar=self.escapechar,
            quoting=_QUOTING[self.quoting],
        )


@dataclass
class Oddities:
    """Places in a file that may mean something else than what was read, by line.

    Attributes:
        joined: a quoted value has line ends and the delimiter.
        suspect: of these, the rows whose every line looks like a row.
        trimmed: text follows a closing quote, so the quotes are lost.
        short: the row has fewer values than there are columns.
    """

    joined: list[int] = field(default_factory=list)
    suspect: list[int] = field(default_factory=list)
    trimmed: list[int] = field(default_factory=list)
    short: list[int] = field(default_factory=list)


class SeparatedValues:
    """The rows of one stream. A stream that is not whole is cut off after a line."""

    def __init__(
        self,
        stream: TextIO,
        dialect: Dialect,
        column_names: Sequence[str] | None = None,
        *,
        is_whole: bool = True,
    ) -> None:
        self.oddities = Oddities()
        self.header: tuple[str, ...] = ()
        self.delimiter = dialect.delimiter
        self._stream = stream
        self._dialect = dialect
        self._is_whole = is_whole
        self._raw: list[str] = []
        self._well_formed = well_formed(dialect, may_hold_quotes=True)
        self._rows = dialect.reader(self._recorded())
        self._line = 0
        self._is_given = column_names is not None
        if column_names is not None:
            self.header = tuple(column_names)
        else:
            self.header = tuple(next((values for _, values in self._values()), ()))
        require_few_columns(self.header)
        self.names = distinct(self.header)

    def rows(self) -> Iterator[Row]:
        """Each row after the header.

        Raises:
            UnreadableError: a row has more values than there are columns, or a quote is not closed.
        """
        if not self.header:
            if self._is_whole:
                raise UnreadableError("it has no header line")
            return
        names, count = self.names, len(self.names)
        for line, values in self._values():
            if len(values) > count:
                known = "there are" if self._is_given else "the header"
                raise UnreadableError(
                    f"line {line} has {len(values):,} values, and {known} {count:,}",
                    *self._quoting_helps(),
                )
            if len(values) < count:
                self.oddities.short.append(line)
                values += [""] * (count - len(values))
            yield Row(
                line, {name: value or None for name, value in zip(names, values, strict=True)}
            )

    def _values(self) -> Iterator[tuple[int, list[str]]]:
        """The values of each row that is not empty, and the line it starts on."""
        while True:
            try:
                values = next(self._rows, None)
            except csv.Error as error:
                raise UnreadableError(f"line {self._line + 1}: {error}") from None
            first, self._line = self._line + 1, self._line + len(self._raw)
            raw, self._raw = self._raw, []
            if values is None:
                return
            has_quotes = self._dialect.quoting != "none" and any(
                self._dialect.quotechar in line for line in raw
            )
            if has_quotes and not self._examine(raw, values, first):
                return
            if values:
                yield first, values

    def _examine(self, raw: Sequence[str], values: Sequence[str], line: int) -> bool:
        """Look for oddities in a row with quotes. Returns whether the row is complete."""
        text = "".join(raw)
        if not self._well_formed.fullmatch(text):
            if _ends_in_quotes(text, self._dialect):
                if not self._is_whole:
                    return False
                raise UnreadableError(
                    f"the quote that opens on line {line} is never closed", *self._quoting_helps()
                )
            self.oddities.trimmed.append(line)
        if len(raw) > 1 and any(
            self._dialect.delimiter in value and ("\n" in value or "\r" in value)
            for value in values
        ):
            self.oddities.joined.append(line)
            if all(one.count(self._dialect.delimiter) == len(values) - 1 for one in raw):
                self.oddities.suspect.append(line)
        return True

    def _quoting_helps(self) -> tuple[str, ...]:
        if self._dialect.quoting == "none":
            return ()
        return ('if quotes are text in this file, write "quoting: none"',)

    def _recorded(self) -> Iterator[str]:
        size = 0
        for line in lines_of(self._stream):
            size = size + len(line) if self._raw else len(line)
            if size > LONGEST_ROW:
                raise UnreadableError(
                    f"the row on line {self._line + 1:,} has more than {LONGEST_ROW:,} characters",
                    *self._quoting_helps(),
                )
            self._raw.append(line)
            yield line


def has_balanced_quotes(stream: TextIO, dialect: Dialect, *, is_whole: bool = True) -> bool:
    """Whether a file has quotes exactly where RFC 4180 has them: around whole values, and doubled
    inside them. A file without any has them, too."""
    raw: list[str] = []

    def recorded() -> Iterator[str]:
        for line in lines_of(stream):
            raw.append(line)
            yield line

    pattern = well_formed(dialect, may_hold_quotes=False)
    count = None
    for values in dialect.reader(recorded()):
        text = "".join(raw)
        raw.clear()
        if dialect.quotechar in text and not pattern.fullmatch(text):
            return not is_whole and _ends_in_quotes(text, dialect)
        count = len(values) if count is None and values else count
        if count is not None and len(values) > count:
            return False
    return True


def well_formed(dialect: Dialect, *, may_hold_quotes: bool) -> re.Pattern[str]:
    """The pattern of a row whose quotes are around whole values. ``may_hold_quotes``: a value that
    does not begin with a quote may have quotes in it."""
    quote, delimiter = re.escape(dialect.quotechar), re.escape(dialect.delimiter)
    escaped = f"|{re.escape(dialect.escapechar)}[\\s\\S]" if dialect.escapechar else ""
    special = f"{quote}{re.escape(dialect.escapechar) if dialect.escapechar else ''}"
    quoted = f"{quote}(?>[^{special}]|{quote}{quote}{escaped})*+{quote}"
    first = f"(?:[^{special}{delimiter}\\r\\n]{escaped})"
    rest = f"[^{delimiter}\\r\\n]" if may_hold_quotes else f"[^{special}{delimiter}\\r\\n]"
    if dialect.escapechar:
        rest = f"(?>{escaped[1:]}|{rest})"
    value = f"(?>{quoted}|(?:{first}{rest}*+)?)"
    return re.compile(f"{value}(?:{delimiter}{value})*+\\r*\\n?")


def distinct(header: Sequence[str]) -> tuple[str, ...]:
    """The names of columns: as pandas does it, a name that occurs again gets a number, and one that
    is empty gets its place."""
    names: dict[str, None] = {}
    counts: dict[str, int] = {}  # where to go on, so that many equal names take no longer
    for index, written in enumerate(header):
        name = stem = written or f"Unnamed: {index}"
        while name in names:
            counts[stem] = counts.get(stem, 0) + 1
            name = f"{stem}.{counts[stem]}"
        names[name] = None
    return tuple(names)


def _ends_in_quotes(text: str, dialect: Dialect) -> bool:
    """Whether the last quote of a row is not closed: whether a line after it is part of it."""
    *_, last = dialect.reader(io.StringIO(f"{text}\nx", newline=""))
    return last != ["x"]
