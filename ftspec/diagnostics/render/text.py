"""Findings with excerpts and carets, for terminals."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

from ftspec.diagnostics.model import Diagnostic, Label, Severity, printable
from ftspec.escaping import is_hidden

Paint = Callable[[str, str], str]

_TAB = 4
_WIDEST = 160  # of a longer line, only the part around the span is shown
_BOLD, _BLUE = "1", "1;34"
_STYLES = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.INFO: "1;36"}


def render(diagnostics: Sequence[Diagnostic], *, colour: bool = False) -> str:
    """One block per finding, separated by empty lines. ``colour`` adds ANSI colours."""
    paint = _paint if colour else _plain
    return "\n".join(_block(diagnostic, paint) for diagnostic in diagnostics)


def _block(diagnostic: Diagnostic, paint: Paint) -> str:
    style = _STYLES[diagnostic.severity]
    title = paint(f"{diagnostic.severity.value}[{diagnostic.slug}]", style)
    lines = [f"{title}: {paint(printable(diagnostic.headline), _BOLD)}"]
    gutter = max((len(str(label.span.start.line + 1)) for label in diagnostic.labels), default=0)
    for label in diagnostic.labels:
        lines += _excerpt(label, gutter, paint, style)
    margin = " " * (gutter + 1) if gutter else "  "
    for text in diagnostic.helps:
        lines.append(f"{margin}{paint('= help', _BLUE)}: {printable(text)}")
    return "\n".join(lines) + "\n"


def _excerpt(label: Label, gutter: int, paint: Paint, style: str) -> list[str]:
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
    indent = " " * sum(_width(character) for character in before)
    pointed = f"{carets} {printable(label.text)}".rstrip()
    bar = paint("|", _BLUE)
    return [
        f"{margin}{paint('-->', _BLUE)} {printable(str(span))}",
        f"{margin} {bar}",
        f"{paint(number, _BLUE)} {bar} {_shown(line)}",
        f"{margin} {bar} {indent}{paint(pointed, style)}",
    ]


def _shown(line: str) -> str:
    """The line without tabs and control characters, which would move the carets, and without marks
    that change the direction of text."""
    untabbed = line.replace("\t", " " * _TAB)
    return "".join("\ufffd" if is_hidden(c) else c for c in untabbed)


def _plain(text: str, style: str) -> str:
    return text


def _paint(text: str, style: str) -> str:
    """The text with an ANSI escape sequence (ECMA-48, select graphic rendition)."""
    return f"\x1b[{style}m{text}\x1b[0m"


def _width(character: str) -> int:
    """The width of a character on a terminal, in columns."""
    if character == "\t":
        return _TAB
    if is_hidden(character):
        return 1
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
