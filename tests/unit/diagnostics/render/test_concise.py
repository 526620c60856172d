"""One line per finding."""

from __future__ import annotations

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.diagnostics.render.concise import render
from ftspec.span import Position, SourceText, Span


def test_each_finding_is_one_line_that_an_editor_can_follow() -> None:
    span = Span(SourceText("specs/x.yaml", "a: 1\n b: 2\n"), Position(1, 1), Position(1, 2))
    found = [
        Diagnostic(slug="unknown-key", headline='unknown key "b"', labels=labelled(span)),
        Diagnostic(slug="bad-value", headline='"a\nb" is bad', labels=labelled(span)),
    ]
    assert render(found) == (
        'specs/x.yaml:2:2: error[unknown-key]: unknown key "b"\n'
        'specs/x.yaml:2:2: error[bad-value]: "a\\nb" is bad\n'
    )


def test_nothing_found_renders_to_nothing() -> None:
    assert render([]) == ""
