"""Places inside a spec and their written form."""

from __future__ import annotations

import pytest

from ftspec.document.paths import SpecPath, format_path, parse_path


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("seed", ("seed",)),
        ("training.max_steps", ("training", "max_steps")),
        ("callbacks[0].patience", ("callbacks", 0, "patience")),
        ("data.source.sources[1].source.type", ("data", "source", "sources", 1, "source", "type")),
        ("metrics[12]", ("metrics", 12)),
        ("a[0][1]", ("a", 0, 1)),
        ("x-y_z", ("x-y_z",)),
    ],
)
def test_written_form_and_path_are_each_others_inverse(written: str, path: SpecPath) -> None:
    assert parse_path(written) == path
    assert format_path(path) == written


@pytest.mark.parametrize(
    "written",
    [
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "[0]",
        "a[]",
        "a[x]",
        "a[-1]",
        "a[0",
        "a]",
        "a[0]b",
        "a b",
        "a[٣]",
    ],
)
def test_what_is_no_path_gives_none(written: str) -> None:
    assert parse_path(written) is None


def test_index_is_written_in_ascii_digits() -> None:
    assert parse_path("a[\u0663]") is None


def test_path_deeper_than_a_document_may_be_gives_none() -> None:
    assert parse_path(".".join("a" * 50)) == ("a",) * 50
    assert parse_path(".".join("a" * 51)) is None


def test_index_too_large_for_any_list_gives_none() -> None:
    assert parse_path(f"a[{'9' * 5000}]") is None


def test_root_is_shown_in_words() -> None:
    assert format_path(()) == "the spec"
