"""Diagnostics as values, and the collector of a phase."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from ftspec.diagnostics.model import (
    MOST,
    Collector,
    Diagnostic,
    Fix,
    Label,
    Severity,
    labelled,
    printable,
)
from ftspec.errors import SpecError
from ftspec.span import SourceText, whole_line

SPAN = whole_line(SourceText("x.yaml", "a: 1"))


def test_diagnostic_shows_as_one_line_with_place_severity_and_slug() -> None:
    diagnostic = Diagnostic(slug="bad-value", headline="no", labels=labelled(SPAN))
    assert str(diagnostic) == "x.yaml:1:1: error[bad-value]: no"


def test_diagnostic_without_a_place_shows_none() -> None:
    assert str(Diagnostic(slug="plugin-import", headline="no", severity=Severity.WARNING)) == (
        "warning[plugin-import]: no"
    )


def test_diagnostic_with_a_line_break_in_its_headline_stays_on_one_line() -> None:
    diagnostic = Diagnostic(slug="unknown-key", headline='unknown key "a\nb"')
    assert str(diagnostic) == 'error[unknown-key]: unknown key "a\\nb"'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("café 日本 “x” …", "café 日本 “x” …"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\tb", "a\\tb"),
        ("\u202egnp", "\\u202egnp"),
        ("\udcff", "\\udcff"),
    ],
    ids=ascii,
)
def test_printable_escapes_what_a_terminal_would_act_on(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_main_place_is_the_first_label() -> None:
    other = whole_line(SourceText("y.yaml", "b: 2"))
    diagnostic = Diagnostic(slug="x", headline="y", labels=(Label(SPAN), Label(other, "here")))
    assert diagnostic.span == SPAN


def test_no_span_gives_no_label() -> None:
    assert labelled(None) == ()


def test_equal_findings_are_one_in_a_set() -> None:
    fix = Fix(SPAN, "b")
    one = Diagnostic(slug="x", headline="y", labels=labelled(SPAN), helps=("z",), fix=fix)
    assert len({one, dataclasses.replace(one), dataclasses.replace(one, slug="w")}) == 2


def test_collector_keeps_findings_in_order() -> None:
    found = Collector()
    found.error("first", "a", SPAN, "help one", "help two")
    found.extend([Diagnostic(slug="second", headline="b")])
    assert [one.slug for one in found] == ["first", "second"]
    assert next(iter(found)).helps == ("help one", "help two")


def test_collector_takes_no_more_than_anybody_reads() -> None:
    asked = []

    def findings() -> Iterator[Diagnostic]:
        for number in range(MOST * 2):
            asked.append(number)
            yield Diagnostic(
                slug="x", headline="y", severity=Severity.WARNING, labels=labelled(SPAN)
            )

    found = Collector()
    found.extend(findings())
    *kept, last = found
    assert len(kept) == MOST
    assert (last.slug, last.span, last.severity) == ("too-many", SPAN, Severity.ERROR)
    assert found.is_full
    assert found.has_errors
    assert len(asked) == MOST + 1
    found.error("x", "y", SPAN)
    assert len(list(found)) == MOST + 1


@pytest.mark.parametrize(
    ("severity", "stops"),
    [(Severity.ERROR, True), (Severity.WARNING, False), (Severity.INFO, False)],
)
def test_only_errors_stop_the_pipeline(severity: Severity, stops: bool) -> None:
    found = Collector()
    assert not found.has_errors
    found.add(Diagnostic(slug="x", headline="y", severity=severity))
    assert found.has_errors is stops


def test_spec_error_carries_and_shows_every_finding() -> None:
    findings = [Diagnostic(slug="a", headline="one"), Diagnostic(slug="b", headline="two")]
    error = SpecError(findings)
    assert error.diagnostics == tuple(findings)
    assert str(error) == "error[a]: one; error[b]: two"
