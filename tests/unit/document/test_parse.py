"""YAML text to nodes: errors and their places, and the places of values."""

from __future__ import annotations

import math

import pytest
from yaml.reader import Reader

from ftspec.diagnostics.model import Collector
from ftspec.document.nodes import ListNode, MappingNode, ScalarNode
from ftspec.document.parse import DEEPEST, MOST_NODES, parse_node
from ftspec.span import SourceText
from tests.unit.conftest import Parse, ParseNode


def only_message(text: str) -> tuple[str, tuple[str, ...]]:
    """The headline and helps of the one finding of ``text``."""
    found = Collector()
    parse_node(SourceText("spec.yaml", text), found)
    (diagnostic,) = found
    return diagnostic.headline, diagnostic.helps


# Values


def test_plain_scalars_follow_yaml_1_2(parse: Parse) -> None:
    text = (
        "{a: 1e-5, b: 5E-4, c: .5, d: 1_000, e: on, f: no, g: 0o17, h: 1:30, i: 2024-01-31, j: ~}"
    )
    assert parse(text) == (
        {
            "a": 1e-5,
            "b": 5e-4,
            "c": 0.5,
            "d": "1_000",
            "e": "on",
            "f": "no",
            "g": 15,
            "h": "1:30",
            "i": "2024-01-31",
            "j": None,
        },
        [],
    )


@pytest.mark.parametrize("written", ['"3"', "'3'", "|-\n  3", ">-\n  3", "! 3"])
def test_number_in_any_quotes_is_a_string(written: str, parse: Parse) -> None:
    assert parse(f"a: {written}\n") == ({"a": "3"}, [])


def test_missing_value_is_null(parse: Parse) -> None:
    assert parse("a:\nb: {c: , d}\n") == ({"a": None, "b": {"c": None, "d": None}}, [])


def test_infinity_and_nan_are_numbers(parse: Parse) -> None:
    values, findings = parse("[.inf, -.inf, .nan]")
    assert values[:2] == [math.inf, -math.inf]
    assert math.isnan(values[2])
    assert findings == []


def test_key_named_like_a_boolean_of_yaml_1_1_is_a_string(parse: Parse) -> None:
    assert parse("on: 1\nno: 2\n") == ({"on": 1, "no": 2}, [])


def test_alias_repeats_the_anchored_value(parse: Parse) -> None:
    assert parse("a: &x [1, 2]\nb: *x\n") == ({"a": [1, 2], "b": [1, 2]}, [])


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n", "\n\n", "   "])
def test_text_without_a_document_has_no_tree_and_no_finding(text: str, parse: Parse) -> None:
    assert parse(text) == (None, [])


# Places


def test_value_and_key_have_their_own_spans(node_of: ParseNode) -> None:
    root = node_of("a: 1\nbc:\n  de: [x, 'y z']\n")
    assert isinstance(root, MappingNode)
    entry = root.entries[1]
    assert (str(entry.key_span), entry.key_span.excerpt) == ("spec.yaml:2:1", "bc")
    assert isinstance(entry.value, MappingNode)
    inner = entry.value.entries[0].value
    assert isinstance(inner, ListNode)
    assert (str(inner.span), inner.span.excerpt) == ("spec.yaml:3:7", "[x, 'y z']")
    assert [item.span.excerpt for item in inner.items] == ["x", "'y z'"]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"], ids=ascii)
def test_lines_count_alike_whatever_ends_them(line_break: str, parse: Parse) -> None:
    text = line_break.join(["a: 1", "b: 2", "  ", "b: 3", ""])
    assert parse(text) == ({"a": 1, "b": 2}, ["4:1 duplicate-key"])


@pytest.mark.parametrize("line_break", ["\x85", "\u2028", "\u2029"], ids=ascii)
def test_excerpt_is_right_below_a_line_break_of_unicode(
    line_break: str, node_of: ParseNode
) -> None:
    root = node_of(f'a: "x{line_break}{line_break}y"\nb: here\n')
    assert isinstance(root, MappingNode)
    assert root.entries[1].value.span.excerpt == "here"


def test_columns_count_characters_and_not_bytes(node_of: ParseNode) -> None:
    root = node_of("{ä: 日本, 😀: end}")
    assert isinstance(root, MappingNode)
    assert [entry.value.span.excerpt for entry in root] == ["日本", "end"]
    assert str(root.entries[1].value.span) == "spec.yaml:1:12"


def test_aliased_value_stands_where_it_was_written(node_of: ParseNode) -> None:
    root = node_of("a: &x 1\nb: *x\n")
    assert isinstance(root, MappingNode)
    assert str(root.entries[1].key_span) == "spec.yaml:2:1"
    assert root.entries[1].value.span.start.line == 0


# Refusals


def test_duplicate_key_points_at_the_second_and_names_the_line_of_the_first(parse: Parse) -> None:
    text = "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 4\n"
    assert parse(text) == (
        {"a": 1, "b": {"c": 1, "d": 2}},
        ["5:3 duplicate-key", "6:1 duplicate-key"],
    )
    assert only_message("a: 1\nb: 2\na: 3\n")[0] == 'duplicate key "a", first on line 1'


def test_quoted_and_plain_spelling_of_a_key_are_the_same_key(parse: Parse) -> None:
    assert parse("a: 1\n'a': 2\n")[1] == ["2:1 duplicate-key"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a: !!python/object/apply:os.system [ls]", "!!python/object/apply:os.system"),
        ("a: !include x.yaml", "!include"),
        ("a: !!str 3", "!!str"),
        ("a: !!float 3", "!!float"),
        ("a: !env {b: 1}", "!env"),
        ("a: !<tag:example.org,2000:x> 3", "tag:example.org,2000:x"),
    ],
)
def test_tag_is_refused_where_it_stands(text: str, shown: str, parse: Parse) -> None:
    assert parse(text) == (None, ["1:4 yaml-tag"])
    assert f'"{shown}"' in only_message(text)[0]


def test_merge_key_is_refused_with_what_to_use_instead(parse: Parse) -> None:
    text = "base: &b {x: 1}\na:\n  <<: *b\n  y: 2\n"
    assert parse(text) == ({"base": {"x": 1}, "a": {"y": 2}}, ["3:3 yaml-merge-key"])
    assert '"extends"' in only_message(text)[1][0]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("1", "the number 1"),
        ("1e3", "the number 1000.0"),
        ("true", "true"),
        ("~", "null"),
        ("[1]", "a list"),
        ("{a: 1}", "a mapping"),
    ],
)
def test_key_that_is_no_string_is_refused(key: str, words: str, parse: Parse) -> None:
    text = f"a: 1\n? {key}\n: 2\n"
    assert parse(text) == ({"a": 1}, ["2:3 key-not-string"])
    assert only_message(text) == (
        f"a key must be a string, found {words}",
        ("put it in quotes",),
    )


def test_quoted_number_is_a_key(parse: Parse) -> None:
    assert parse("'1': a\n") == ({"1": "a"}, [])


def test_every_faulty_key_is_reported_at_once(parse: Parse) -> None:
    assert parse("1: a\nb: 1\nb: 2\n<<: {c: 1}\n")[1] == [
        "1:1 key-not-string",
        "3:1 duplicate-key",
        "4:1 yaml-merge-key",
    ]


def test_alias_without_an_anchor_is_refused(parse: Parse) -> None:
    assert parse("a: 1\nb: *x\n") == (None, ["2:4 yaml-syntax"])


def test_alias_inside_its_own_anchor_is_refused(parse: Parse) -> None:
    assert parse("a: &x [*x]\n") == (None, ["1:8 yaml-syntax"])


def test_alias_bomb_is_refused_before_it_expands(parse: Parse) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    _, findings = parse("\n".join(lines))
    assert findings == ["4:45 too-large"]  # the eighth alias to 1 111 values


def test_large_document_is_refused_by_its_number_of_values(parse: Parse) -> None:
    assert parse("[" + "0," * (MOST_NODES - 1) + "]")[1] == []
    assert [one.split()[1] for one in parse("[" + "0," * MOST_NODES + "]")[1]] == ["too-large"]


def test_depth_is_bounded(parse: Parse) -> None:
    assert parse("[" * DEEPEST + "]" * DEEPEST)[1] == []
    assert parse("[" * 10_000)[1] == [f"1:{DEEPEST + 1} too-deep"]


def test_depth_through_aliases_is_bounded_too(parse: Parse) -> None:
    lines = ["a: &a " + "[" * 30 + "]" * 30, "b: " + "[" * 19 + "*a" + "]" * 19]
    assert parse("\n".join(lines))[1] == []
    lines[1] = "b: " + "[" * 20 + "*a" + "]" * 20
    assert parse("\n".join(lines))[1] == ["2:24 too-deep"]


def test_chain_of_deep_aliases_ends_in_a_finding(parse: Parse) -> None:
    lines = ["x0: &x0 []"]
    lines += [f"x{i}: &x{i} {'[' * 40}*x{i - 1}{']' * 40}" for i in range(1, 60)]
    assert [one.split()[1] for one in parse("\n".join(lines))[1]] == ["too-deep"]


def test_second_document_points_at_its_beginning(parse: Parse) -> None:
    assert parse("a: 1\n---\nb: 2\n") == (None, ["2:1 yaml-syntax"])


@pytest.mark.parametrize("text", ["---\na: 1\n", "a: 1\n...\n", "%YAML 1.2\n---\na: 1\n"])
def test_markers_of_a_single_document_are_allowed(text: str, parse: Parse) -> None:
    assert parse(text) == ({"a": 1}, [])


@pytest.mark.parametrize(
    ("character", "name"),
    [("\x00", "U+0000"), ("\x1b", "U+001B"), ("\x7f", "U+007F"), ("\ud800", "U+D800")],
    ids=ascii,
)
def test_character_that_yaml_forbids_points_at_itself(
    character: str, name: str, parse: Parse
) -> None:
    text = f"a: 1\r\nb: xy{character}z\r\n"
    assert parse(text) == (None, ["2:6 yaml-syntax"])
    assert only_message(text)[0] == f"the character {name} is not allowed in YAML"


def test_characters_refused_are_those_that_the_yaml_parser_refuses(parse: Parse) -> None:
    characters = [chr(number) for number in range(0x110000)]
    refused = [one for one in characters if Reader.NON_PRINTABLE.search(one)]
    for one in refused:
        assert "is not allowed in YAML" in only_message(one)[0]
    allowed = "".join(sorted(set(characters[0x2100:]) - set(refused)))
    for start in range(0, len(allowed), 100_000):
        assert parse(f'a: "{allowed[start : start + 100_000]}"')[1] == []


@pytest.mark.parametrize(
    ("text", "place", "help_"),
    [
        ("a: b: c\n", "1:5", "in quotes"),
        ("text: {text} and more\n", "1:14", ""),
        ("a: {b} {c}\n", "1:8", "in quotes"),
        ("a: @x\n", "1:4", "in quotes"),
        ("a: %x\n", "1:4", "in quotes"),
        ("a:\n\tb: 1\n", "2:1", "indent with spaces"),
        ("a: [1, 2\n", "2:1", "in quotes"),
        ("a: 'x\n", "2:1", ""),
        ("  a: 1\n b: 2\n", "2:2", ""),
        ("a: 1\n- b\n", "2:1", ""),
    ],
)
def test_broken_yaml_points_at_the_fault(text: str, place: str, help_: str, parse: Parse) -> None:
    assert parse(text) == (None, [f"{place} yaml-syntax"])
    headline, helps = only_message(text)
    assert "'" not in headline
    assert help_ in " ".join(helps)


def test_scalar_root_is_a_tree_of_its_own(node_of: ParseNode) -> None:
    root = node_of("hello")
    assert isinstance(root, ScalarNode)
    assert root.value == "hello"
