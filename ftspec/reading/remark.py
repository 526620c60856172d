"""What a reader has to say about a file that it can read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from ftspec.reading.separated_values import Oddities


class Remark(NamedTuple):
    """A place in a file that may mean something else than what was read.

    Attributes:
        kind: ``None`` if it is usual, so that only a run says it.
        columns: the columns it is about, if it is not about all.
    """

    text: str
    help: str = ""
    kind: Literal["header", "quotes", "twice"] | None = None
    columns: tuple[str, ...] = ()


def remarks_on_rows(
    oddities: Oddities, delimiter: str, *, has_many_columns: bool
) -> Iterator[Remark]:
    """Remarks on rows of separated values. A single column is often that of another delimiter."""
    shown = "a tab" if delimiter == "\t" else f'"{delimiter}"'
    text_help = 'if quotes are text in this file, write "quoting: none"'
    if oddities.joined:
        yield Remark(
            f"{_rows(oddities.suspect or oddities.joined)} a quoted value over several lines that "
            f"has {shown} in it",
            text_help,
            "quotes" if oddities.suspect else None,
        )
    if oddities.trimmed:
        yield Remark(
            f"{_rows(oddities.trimmed)} text after a closing quote, and these quotes are not read",
            f"double the quotes inside a quoted value; {text_help}",
            "quotes" if has_many_columns else None,
        )
    if oddities.short:
        yield Remark(f"{_rows(oddities.short)} fewer values than the header: the last are missing")


def remarks_on_header(
    header: Sequence[str],
    given: Sequence[str] | None,
    rows: Sequence[Sequence[str | None]],
) -> Iterator[Remark]:
    """Remarks on the header, or the names of columns that are ``given`` instead, from the first
    rows."""
    twice = tuple(dict.fromkeys(name for name in header if name and header.count(name) > 1))
    if twice and given is None:
        yield Remark(
            "the header names " + ", ".join(f'"{name}"' for name in twice) + " more than once",
            'the first one is read; the next ones are called "NAME.1", "NAME.2", …',
            "twice",
            twice,
        )
    if given is not None and rows and _is_header(given, rows):
        yield Remark(
            "the first row looks like a header line, and is read as data",
            'remove "column_names", or that line',
            "header",
        )


def _is_header(names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> bool:
    """Whether the first row names the columns, or is the only one without a number in a column."""
    first, *others = rows
    if any(
        value is not None and value.strip().casefold() == name.strip().casefold()
        for name, value in zip(names, first, strict=True)
    ):
        return True
    return len(others) > 1 and any(
        value is not None
        and not _is_number(value)
        and all(row[index] is not None and _is_number(row[index] or "") for row in others)
        for index, value in enumerate(first)
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _rows(lines: Sequence[int]) -> str:
    if len(lines) == 1:
        return f"the row at line {lines[0]:,} has"
    return f"{len(lines):,} rows, the first at line {lines[0]:,}, have"
