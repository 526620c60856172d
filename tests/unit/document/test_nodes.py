"""The node tree, and its values in words."""

from __future__ import annotations

import pytest

from ftspec.document.nodes import Entry, MappingNode, ScalarNode, describe, to_plain
from ftspec.span import SourceText, whole_line
from tests.unit.conftest import ParseNode

SPAN = whole_line(SourceText("x.yaml", "a: 1"))


def mapping(**values: int) -> MappingNode:
    entries = (Entry(key, SPAN, ScalarNode(value, SPAN)) for key, value in values.items())
    return MappingNode(tuple(entries), SPAN)


def test_plain_data_has_the_shape_of_the_text(node_of: ParseNode) -> None:
    assert to_plain(node_of("a: [1, {b: null}]\nc: x\n")) == {"a": [1, {"b": None}], "c": "x"}


def test_secret_shows_as_it_was_written_in_masked_data() -> None:
    node = ScalarNode(
        "hunter2", SPAN, written="${env:PASSWORD}", secrets=(("hunter2", "${env:PASSWORD}"),)
    )
    assert node.is_secret
    assert to_plain(node) == "hunter2"
    assert to_plain(node, masked=True) == "${env:PASSWORD}"
    assert describe(node) == 'the string "${env:PASSWORD}"'


def test_entry_of_an_absent_key_is_none() -> None:
    assert mapping(a=1).get("b") is None


def test_without_drops_keys_and_leaves_the_original_alone() -> None:
    node = mapping(a=1, b=2, c=3)
    assert to_plain(node.without("a", "c", "z")) == {"b": 2}
    assert to_plain(node) == {"a": 1, "b": 2, "c": 3}


def test_with_entry_replaces_in_place_and_adds_at_the_end() -> None:
    node = mapping(a=1, b=2)
    replaced = node.with_entry(Entry("a", SPAN, ScalarNode(9, SPAN)))
    added = replaced.with_entry(Entry("c", SPAN, ScalarNode(3, SPAN)))
    assert list(to_plain(added).items()) == [("a", 9), ("b", 2), ("c", 3)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1]", "a list"),
        ("{a: 1}", "a mapping"),
        ("~", "null"),
        ("true", "true"),
        ("3", "the number 3"),
        ("1e-5", "the number 1e-05"),
        ("x y", 'the string "x y"'),
        ("'3'", 'the string "3"'),
        ("x" * 100, f'the string "{"x" * 79}…"'),
    ],
)
def test_value_is_described_by_its_kind(text: str, words: str, node_of: ParseNode) -> None:
    assert describe(node_of(text)) == words
