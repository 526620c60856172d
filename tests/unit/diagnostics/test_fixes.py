"""Fixes: edits at the right characters, for any line breaks, and without overlaps."""

from __future__ import annotations

import pytest

from ftspec.diagnostics.fixes import apply_fixes, fixes_for
from ftspec.diagnostics.model import Diagnostic, Fix
from ftspec.span import Position, SourceText, Span


def fix(source: SourceText, line: int, start: int, end: int, text: str) -> Fix:
    return Fix(Span(source, Position(line, start), Position(line, end)), text)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\u2028"])
def test_edits_land_on_their_line(newline: str) -> None:
    source = SourceText("spec.yaml", newline.join(["abc: 1", "déf: 2", "ghi: 3"]))
    fixes = [
        fix(source, 0, 0, 3, "first"),
        fix(source, 2, 5, 6, "three"),
        fix(source, 1, 0, 3, "x"),
    ]

    assert apply_fixes(source, fixes) == newline.join(["first: 1", "x: 2", "ghi: three"])


def test_overlapping_fixes_are_taken_one_at_a_time() -> None:
    source = SourceText("spec.yaml", "abcdef")
    findings = [
        Diagnostic(slug="a", headline="x", fix=fix(source, 0, 0, 3, "1")),
        Diagnostic(slug="b", headline="x", fix=fix(source, 0, 2, 4, "2")),
        Diagnostic(slug="c", headline="x", fix=fix(source, 0, 4, 6, "3")),
    ]

    assert apply_fixes(source, fixes_for(source, findings)) == "1d3"


def test_fix_of_another_file_is_left_to_it() -> None:
    source, other = SourceText("a.yaml", "abc"), SourceText("b.yaml", "abc")
    finding = Diagnostic(slug="a", headline="x", fix=fix(other, 0, 0, 3, "1"))

    assert fixes_for(source, [finding]) == []
