"""Positions, excerpts and the folder that relative paths start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftspec.span import Position, SourceText, Span, whole_line


def span_of(text: str, line: int, start: int, end: int, *, end_line: int | None = None) -> Span:
    last = line if end_line is None else end_line
    return Span(SourceText("x.yaml", text), Position(line, start), Position(last, end))


def test_span_shows_as_file_line_and_column_counted_from_one() -> None:
    assert str(span_of("a: 1\nbc: 2\n", 1, 4, 5)) == "x.yaml:2:5"


def test_excerpt_is_the_text_covered() -> None:
    assert span_of("a: 1\nbc: two\n", 1, 4, 7).excerpt == "two"


def test_excerpt_of_several_lines_stops_at_the_end_of_the_first() -> None:
    assert span_of("a: [1,\n 2]\n", 0, 3, 3, end_line=1).excerpt == "[1,"


def test_positions_sort_by_line_and_then_by_column() -> None:
    assert sorted([Position(1, 0), Position(0, 9), Position(0, 2)]) == [
        Position(0, 2),
        Position(0, 9),
        Position(1, 0),
    ]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"], ids=ascii)
def test_lines_end_where_the_yaml_parser_ends_them(line_break: str) -> None:
    assert SourceText("x.yaml", f"a{line_break}b").lines == ("a", "b")


def test_empty_text_has_one_empty_line_to_point_at() -> None:
    source = SourceText("x.yaml", "")
    assert source.lines == ("",)
    assert str(whole_line(source)) == "x.yaml:1:1"


def test_whole_line_covers_the_line() -> None:
    assert whole_line(SourceText("x.yaml", "a: 1\nbc: 2\n"), 1).excerpt == "bc: 2"


def test_folder_is_that_of_the_file(tmp_path: Path) -> None:
    assert SourceText("x.yaml", "", tmp_path / "x.yaml").folder == tmp_path


def test_folder_of_a_text_without_a_file_is_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert SourceText("--set a=b", "a=b").folder == tmp_path


def test_anchor_resolves_relative_parts_and_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    source = SourceText("x.yaml", "", tmp_path / "specs" / "x.yaml")
    assert source.anchor("../data/./rows.json") == tmp_path / "data" / "rows.json"
    assert source.anchor("~/rows.json") == tmp_path / "home" / "rows.json"
    assert source.anchor("/rows.json") == Path("/rows.json")


def test_anchor_keeps_the_tilde_of_an_unknown_user(tmp_path: Path) -> None:
    source = SourceText("x.yaml", "", tmp_path / "x.yaml")
    assert source.anchor("~nobody-of-that-name/x") == tmp_path / "~nobody-of-that-name" / "x"


def test_sources_of_the_same_name_are_equal_and_hash_alike() -> None:
    first, second = SourceText("x.yaml", "a: 1"), SourceText("x.yaml", "a: *")
    assert first == second
    assert len({first, second, SourceText("y.yaml", "a: 1")}) == 2
