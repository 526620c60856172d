"""Findings with an excerpt and carets, for people."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from ftspec.diagnostics.model import Diagnostic, Label, printable

_TAB = 4
_WIDEST = 160  # a longer line is cut around its span


def render(diagnostics: Sequence[Diagnostic]) -> str:
    """One block per finding, blocks apart by an empty line."""
    return "\n".join(_block(diagnostic) for diagnostic in diagnostics)


def _block(diagnostic: Diagnostic) -> str:
    headline = printable(diagnostic.headline)
    lines = [f"{diagnostic.severity.value}[{diagnostic.slug}]: {headline}"]
    gutter = max((len(str(label.span.start.line + 1)) for label in diagnostic.labels), default=0)
    for label in diagnostic.labels:
        lines += _excerpt(label, gutter)
    margin = " " * (gutter + 1) if gutter else "  "
    lines += [f"{margin}= help: {printable(text)}" for text in diagnostic.helps]
    return "\n".join(lines) + "\n"


def _excerpt(label: Label, gutter: int) -> list[str]:
    span = label.span
    number = str(span.start.line + 1).rjust(gutter)
    margin = " " * gutter
    line = span.source.lines[span.start.line] if span.start.line < len(span.source.lines) else ""
    start = span.start.column
    end = span.end.column if span.end.line == span.start.line else len(line.rstrip())
    end = max(end, start + 1)
    first = max(0, start - _WIDEST // 2) if len(line) > _WIDEST else 0
    line, start, end = line[first : first + _WIDEST], start - first, end - first
    before, marked = line[:start], line[start:end] or " "
    carets = "^" * max(1, sum(_width(character) for character in marked))
    shown = (
        f"{' ' * sum(_width(character) for character in before)}{carets} {printable(label.text)}"
    )
    return [
        f"{margin}--> {printable(str(span))}",
        f"{margin} |",
        f"{number} | {_shown(line)}",
        f"{margin} | {shown.rstrip()}",
    ]


def _shown(line: str) -> str:
    """The line with tabs as spaces; a control character would move the carets, or worse."""
    untabbed = line.replace("\t", " " * _TAB)
    return "".join("\ufffd" if unicodedata.category(c) == "Cc" else c for c in untabbed)


def _width(character: str) -> int:
    """Columns a character takes on a terminal."""
    if character == "\t":
        return _TAB
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
