"""Tables of text: columns of one width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def aligned(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """The lines of a table, texts to the left and numbers to the right. Nothing without rows."""
    if not rows:
        return
    widths = [max(len(row[at]) for row in (header, *rows)) for at in range(len(header))]
    are_numbers = [all(_is_number(row[at]) for row in rows) for at in range(len(header))]
    for row in (header, *rows):
        cells = [
            cell.rjust(width) if is_number else cell.ljust(width)
            for cell, width, is_number in zip(row, widths, are_numbers, strict=True)
        ]
        yield "  ".join(cells).rstrip()


def _is_number(cell: str) -> bool:
    return not cell or cell.replace(",", "").replace(".", "").lstrip("-").isdecimal()
