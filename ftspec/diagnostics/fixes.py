"""Applying fixes: edits of the text, which keep comments and layout."""

from __future__ import annotations

from collections.abc import Iterable

from ftspec.diagnostics.model import Diagnostic, Fix
from ftspec.span import LINE_BREAK, Position, SourceText


def fixes_for(source: SourceText, diagnostics: Iterable[Diagnostic]) -> list[Fix]:
    """The fixes of a text, in order, without fixes that overlap an earlier one."""
    found = {
        diagnostic.fix
        for diagnostic in diagnostics
        if diagnostic.fix is not None and diagnostic.fix.span.source == source
    }
    chosen: list[Fix] = []
    for fix in sorted(found, key=lambda one: (one.span.start, one.span.end, one.replacement)):
        if not chosen or chosen[-1].span.end <= fix.span.start:
            chosen.append(fix)
    return chosen


def apply_fixes(source: SourceText, fixes: Iterable[Fix]) -> str:
    """The text with the fixes applied, which must not overlap."""
    starts = _line_starts(source.text)
    text = source.text
    for fix in sorted(fixes, key=lambda one: one.span.start, reverse=True):
        start, end = (_offset(place, starts) for place in (fix.span.start, fix.span.end))
        text = text[:start] + fix.replacement + text[end:]
    return text


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in LINE_BREAK.finditer(text))]


def _offset(place: Position, starts: list[int]) -> int:
    return starts[place.line] + place.column
