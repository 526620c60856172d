"""One file of rows, read in its format: whole, or only its first rows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TextIO

from ftspec.reading.file_format import FileFormat
from ftspec.reading.json_rows import json_rows
from ftspec.reading.limits import require_few_columns
from ftspec.reading.open_file import decoded, opened_bytes, opened_text
from ftspec.reading.remark import Remark, remarks_on_header, remarks_on_rows
from ftspec.reading.row import Row
from ftspec.reading.separated_values import Dialect, SeparatedValues, has_balanced_quotes
from ftspec.reading.text_rows import TEXT, text_rows

MOST_ROWS = 1_000
MOST_BYTES = 1_000_000
"""How much of a file a sample has."""

_HEADER_ROWS = 50


class Sample(NamedTuple):
    """The first rows of a file.

    Attributes:
        columns: the names of columns that the file itself lists; ``None`` if the rows do.
        is_whole: whether there are no more rows.
    """

    rows: list[Row]
    columns: tuple[str, ...] | None
    is_whole: bool
    remarks: list[Remark]


class RowFile:
    """A file that is not Parquet.

    Attributes:
        columns: the names of columns that the file itself lists, once a row has been read.
    """

    def __init__(self, path: Path, form: FileFormat) -> None:
        self.columns: tuple[str, ...] | None = None
        self._path = path
        self._form = form
        self._forget()

    def rows(self) -> Iterator[Row]:
        """Every row, read one after the other.

        Raises:
            UnreadableError: the file does not have its format.
            OSError: the file cannot be opened.
        """
        self._forget()
        # the csv module needs the line ends unchanged: a quoted value may contain line ends
        newline = "" if self._form.name == "csv" else None
        with opened_text(self._path, self._form.encoding, newline) as stream:
            yield from self._rows(stream, is_whole=True)

    def sample(self) -> Sample | None:
        """The first rows; ``None`` if the file cannot be opened.

        Raises:
            UnreadableError: the file does not have its format.
        """
        self._forget()
        try:
            with self._opened_start() as (stream, is_whole):
                rows = list(islice(self._rows(stream, is_whole=is_whole), MOST_ROWS + 1))
        except OSError:
            return None
        is_whole = is_whole and len(rows) <= MOST_ROWS
        return Sample(rows[:MOST_ROWS], self.columns, is_whole, self.remarks)

    @property
    def remarks(self) -> list[Remark]:
        """Remarks on the rows that have been read."""
        if self._values is None:
            return []
        values = self._values
        remarks = [*remarks_on_header(values.header, self._form.column_names, self._first)]
        remarks += remarks_on_rows(
            values.oddities, values.delimiter, has_many_columns=len(values.names) > 1
        )
        if self._has_quotes_as_text:
            remarks.append(
                Remark(
                    "its quotes are read as text, because they are not all around whole values",
                    'for quotes that are not text, write "quoting: minimal"',
                )
            )
        return remarks

    def _forget(self) -> None:
        self._values: SeparatedValues | None = None
        self._first: list[tuple[str | None, ...]] = []
        self._has_quotes_as_text = False

    @contextmanager
    def _opened_start(self) -> Iterator[tuple[TextIO, bool]]:
        """The first lines of the file, and whether there are no more."""
        with opened_bytes(self._path) as raw:
            content = raw.read(MOST_BYTES + 1)
        is_whole = len(content) <= MOST_BYTES
        text = decoded(content, self._form.encoding, is_whole=is_whole)
        if not is_whole:  # whole lines only: JSON tokens do not span lines
            whole = text[: text.rfind("\n") + 1]
            if not whole and self._form.name == "csv":
                start = text.split(self._form.delimiter_of(self._path))
                require_few_columns(start, "the start of its first line")
            text = whole
        yield io.StringIO(text, newline="" if self._form.name == "csv" else None), is_whole

    def _rows(self, stream: TextIO, *, is_whole: bool) -> Iterator[Row]:
        if self._form.name == "json":
            names: set[str] = set()
            for row in json_rows(stream, self._form.key, is_whole=is_whole):
                if not row.values.keys() <= names:
                    names |= row.values.keys()
                    require_few_columns(names)
                yield row
        elif self._form.name == "text":
            self.columns = (TEXT,)
            yield from text_rows(stream, self._form.sample_by)
        else:
            yield from self._separated(stream, is_whole=is_whole)

    def _separated(self, stream: TextIO, *, is_whole: bool) -> Iterator[Row]:
        form = self._form
        dialect = self._dialect(stream, is_whole=is_whole)
        values = SeparatedValues(stream, dialect, form.column_names, is_whole=is_whole)
        self._values = values
        if values.header:
            self.columns = values.names
        for row in values.rows():
            if len(self._first) < _HEADER_ROWS:
                self._first.append(tuple(row.values.values()))
            yield row

    def _dialect(self, stream: TextIO, *, is_whole: bool) -> Dialect:
        form = self._form
        dialect = Dialect(
            form.delimiter_of(self._path),
            form.quoting or "minimal",
            form.quotechar,
            form.escapechar,
        )
        if form.quoting is not None or form.escapechar is not None or dialect.delimiter != "\t":
            return dialect
        start = stream.tell()
        is_balanced = has_balanced_quotes(stream, dialect, is_whole=is_whole)
        stream.seek(start)
        self._has_quotes_as_text = not is_balanced
        return dialect if is_balanced else replace(dialect, quoting="none")
