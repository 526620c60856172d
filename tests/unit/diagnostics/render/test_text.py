"""The format for terminals: excerpts and carets."""

from __future__ import annotations

import pytest

from ftspec.diagnostics.model import Diagnostic, Label, Severity, labelled
from ftspec.diagnostics.render.text import render
from ftspec.span import Position, SourceText, Span


def finding(text: str, line: int, start: int, end: int, *helps: str) -> Diagnostic:
    span = Span(SourceText("x.yaml", text), Position(line, start), Position(line, end))
    return Diagnostic(slug="bad-value", headline="no", labels=labelled(span), helps=helps)


def carets(text: str, start: int, end: int) -> tuple[str, str]:
    """The line of the excerpt and the line of carets below it."""
    lines = render([finding(text, 0, start, end)]).splitlines()
    return lines[3].removeprefix("1 | "), lines[4].removeprefix("  | ")


def test_block_shows_headline_place_excerpt_carets_and_help() -> None:
    assert render([finding("a: 1\nbc: two\n", 1, 4, 7, "write 2")]) == (
        "error[bad-value]: no\n --> x.yaml:2:5\n  |\n2 | bc: two\n  |     ^^^\n  = help: write 2\n"
    )


def test_blocks_are_apart_by_an_empty_line() -> None:
    one = finding("a: 1\n", 0, 0, 1)
    assert render([one, one]) == f"{render([one])}\n{render([one])}"


def test_nothing_found_renders_to_nothing() -> None:
    assert render([]) == ""


def test_gutter_is_as_wide_as_the_largest_line_number() -> None:
    shown = render([finding("\n" * 11 + "ab: 1\n", 11, 0, 2, "x")])
    assert shown.splitlines()[1:] == [
        "  --> x.yaml:12:1",
        "   |",
        "12 | ab: 1",
        "   | ^^",
        "   = help: x",
    ]


def test_finding_without_a_place_has_headline_and_help_alone() -> None:
    plugin = Diagnostic(
        slug="plugin-import", headline="no", severity=Severity.WARNING, helps=("remove it",)
    )
    assert render([plugin]) == "warning[plugin-import]: no\n  = help: remove it\n"


def test_every_label_is_shown_with_its_text() -> None:
    source = SourceText("x.yaml", "a: 1\na: 2\n")
    labels = (
        Label(Span(source, Position(1, 0), Position(1, 1))),
        Label(Span(source, Position(0, 0), Position(0, 1)), "first here"),
    )
    shown = render([Diagnostic(slug="x", headline="y", labels=labels)])
    assert shown.splitlines()[1:] == [
        " --> x.yaml:2:1",
        "  |",
        "2 | a: 2",
        "  | ^",
        " --> x.yaml:1:1",
        "  |",
        "1 | a: 1",
        "  | ^ first here",
    ]


def test_tab_counts_as_four_columns() -> None:
    assert carets("a:\tbc", 3, 5) == ("a:    bc", "      ^^")


def test_wide_characters_take_two_carets() -> None:
    assert carets("日本: x", 0, 2) == ("日本: x", "^^^^")


def test_carets_stand_below_a_value_after_wide_and_combining_characters() -> None:
    assert carets("e\u0301日: xy", 5, 7) == ("e\u0301日: xy", "     ^^")


def test_empty_span_still_has_a_caret() -> None:
    assert carets("a:", 2, 2) == ("a:", "  ^")


def test_span_of_several_lines_is_marked_to_the_end_of_its_first() -> None:
    span = Span(SourceText("x.yaml", "a: [1,  \n 2]\n"), Position(0, 3), Position(1, 3))
    shown = render([Diagnostic(slug="x", headline="y", labels=labelled(span))])
    assert shown.splitlines()[-1] == "  |    ^^^"


def test_long_line_is_cut_around_what_is_meant() -> None:
    line, marks = carets("x" * 500 + "HERE" + "y" * 500, 500, 504)
    assert len(line) == 160
    assert line[marks.index("^") : marks.rindex("^") + 1] == "HERE"


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x9b"], ids=ascii)
def test_control_character_of_the_text_never_reaches_the_terminal(character: str) -> None:
    line, marks = carets(f"a: {character}[31m", 3, 4)
    assert line == "a: \ufffd[31m"
    assert marks == "   ^"


def test_control_character_of_a_headline_is_escaped() -> None:
    shown = render([Diagnostic(slug="x", headline='"\x1b[2J"', helps=("a\nb",))])
    assert shown == 'error[x]: "\\x1b[2J"\n  = help: a\\nb\n'
