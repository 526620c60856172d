"""The format for programs."""

from __future__ import annotations

import json

from ftspec.diagnostics.model import Diagnostic, Fix, Label, Severity
from ftspec.diagnostics.render import RENDERERS
from ftspec.diagnostics.render.json import render
from ftspec.span import Position, SourceText, Span

SPAN = Span(SourceText("x.yaml", "a: 1\nbc: 2\n"), Position(1, 0), Position(1, 2))
PLACE = {"file": "x.yaml", "line": 2, "column": 1, "end_line": 2, "end_column": 3}


def test_finding_is_an_object_with_places_counted_from_one() -> None:
    found = Diagnostic(
        slug="unknown-key",
        headline="nö",
        labels=(Label(SPAN, "here"),),
        helps=("write d",),
        fix=Fix(SPAN, "d"),
    )
    assert json.loads(render([found])) == [
        {
            "slug": "unknown-key",
            "severity": "error",
            "headline": "nö",
            "labels": [{**PLACE, "text": "here"}],
            "helps": ["write d"],
            "fix": {**PLACE, "replacement": "d"},
        }
    ]


def test_finding_without_place_and_fix_says_so() -> None:
    found = Diagnostic(slug="x", headline="y", severity=Severity.INFO)
    (value,) = json.loads(render([found]))
    assert (value["severity"], value["labels"], value["fix"]) == ("info", [], None)


def test_nothing_found_is_an_empty_array() -> None:
    assert json.loads(render([])) == []


def test_text_that_is_not_ascii_stays_readable() -> None:
    assert "日本" in render([Diagnostic(slug="x", headline="日本")])


def test_every_format_renders_the_same_findings() -> None:
    found = [Diagnostic(slug="some-slug", headline="y", labels=(Label(SPAN),))]
    assert {"concise", "json", "text"} <= set(RENDERERS)
    assert all("some-slug" in RENDERERS[name](found) for name in ("concise", "json", "text"))
