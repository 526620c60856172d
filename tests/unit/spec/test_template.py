"""Templates: placeholders and literal braces. Nothing else is evaluated."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftspec.spec.column_path import MissingColumnError, NotTextError, value_of, values_of
from ftspec.spec.template import Placeholder, TemplateError, parse_template

ROW = {"text": "hello", "n": 3, "none": None, "t": {"en": "x", "de": "y"}, "t.fr": "z", "a b": "q"}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("summarize: {text}", "summarize: hello"),
        ("{text}{n}", "hello3"),
        ("{t.en} → {t.de}", "x → y"),
        ("{t.fr}!", "z!"),
        ("{a b}.", "q."),
        ("[{none}]", "[]"),
        ("{{text}}", "{text}"),
        ("{{{text}}}", "{hello}"),
        ("}}{{", "}{"),
        ("plain", "plain"),
        ("", ""),
        ("{text} {text!r}"[:6], "hello"),
        ("%s $text {n:", None),
    ],
)
def test_render(template: str, value: Any) -> None:
    if value is None:
        with pytest.raises(TemplateError):
            parse_template(template)
    else:
        assert parse_template(template).render(ROW) == value


@pytest.mark.parametrize(("template", "value"), [("{n}", 3), ("{none}", None), ("{t}", ROW["t"])])
def test_single_bare_placeholder_passes_the_value_with_its_type(template: str, value: Any) -> None:
    parsed = parse_template(template)
    assert parsed.render(ROW) is value
    assert parsed.bare_column == template[1:-1]


@pytest.mark.parametrize("template", ["{n} ", "x{n}", "{n}{n}", "{{n}}", "n", ""])
def test_anything_beside_the_placeholder_makes_it_text(template: str) -> None:
    parsed = parse_template(template)
    assert parsed.bare_column is None
    assert isinstance(parsed.render(ROW), str)


def test_columns_are_named_once_in_order() -> None:
    assert parse_template("{b} {a.x} {b}").columns == ("b", "a.x")


def test_prefix_is_the_literal_text_before_the_first_placeholder() -> None:
    assert parse_template("a {{b}}: {c} d").prefix == "a {b}: "
    assert parse_template("{c} d").prefix == ""


def test_format_expressions_are_column_names_and_not_evaluated() -> None:
    parsed = parse_template("{text.__class__} {n:>10} {n!r}")
    assert parsed.columns == ("text.__class__", "n:>10", "n!r")
    with pytest.raises(MissingColumnError) as caught:
        parsed.render(ROW)
    assert caught.value.column == "text.__class__"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("a {b", 'the "{" at character 3 is unmatched; write "{{" for a literal brace'),
        ("a } b", 'the "}" at character 3 is unmatched; write "}}" for a literal brace'),
        ("{a}}", 'the "}" at character 4 is unmatched; write "}}" for a literal brace'),
        ("{", 'the "{" at character 1 is unmatched; write "{{" for a literal brace'),
        ("{}", '"{}" names no column; write "{{" and "}}" for literal braces'),
        ("{ a }", '"{ a }" names no column; write "{{" and "}}" for literal braces'),
    ],
)
def test_template_at_fault_says_where_and_what_to_write(template: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parse_template(template)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "column", ["x", "t.x", "text.x", "n.real", "t.en.x", "text[0]", "t[0]", "t[x]"]
)
def test_missing_column_is_named_in_full(column: str) -> None:
    with pytest.raises(MissingColumnError) as caught:
        value_of(ROW, column)
    assert caught.value.column == column


def test_column_with_a_dot_in_its_name_comes_before_a_nested_value() -> None:
    assert value_of({"a.b": 1, "a": {"b": 2}}, "a.b") == 1


NESTED = {
    "answers": {"text": ["in the sea", "there"], "none": []},
    "turns": [{"from": "human", "value": "hé"}],
    "null": None,
    "tools:json": "literal",
    "list[0]": "literal",
    "list": ["item"],
    "a.b": ["x"],
}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("answers.text[0]", "in the sea"),
        ("answers.text[-1]", "there"),
        ("answers.text[2]", None),
        ("answers.none[0]", None),
        ("turns[0].value", "hé"),
        ("turns[0].value:json", '"hé"'),
        ("turns:json", '[{"from": "human", "value": "hé"}]'),
        ("null.en", None),
        ("null[0]", None),
        ("null:json", None),
        ("a.b[0]", "x"),
        # a column that is called so comes first
        ("tools:json", "literal"),
        ("list[0]", "literal"),
    ],
)
def test_items_of_lists_and_json(column: str, value: Any) -> None:
    assert value_of(NESTED, column) == value
    assert values_of({name: [one] for name, one in NESTED.items()}, column) == [value]
    assert parse_template(f"{{{column}}}!").render(NESTED) == f"{value or ''}!"


ALPACA = '{instruction}{?input: "\\n{input}"}'


@pytest.mark.parametrize(
    ("template", "row", "text"),
    [
        (ALPACA, {"instruction": "a", "input": "b"}, "a\nb"),
        *((ALPACA, {"instruction": "a", "input": one}, "a") for one in ("", " \n", None, [])),
        (ALPACA, {"instruction": "a"}, "a"),
        (ALPACA.replace("\\n", "\n"), {"instruction": "a", "input": "b"}, "a\nb"),
        ("{?a: '{{{a}}} \"q\" \\\\'}", {"a": 1}, '{1} "q" \\'),
        ("{?a.b[0]: \"{?c: '{c}{a.b[0]}'}\"}.", {"a": {"b": ["x"]}, "c": "y"}, "yx."),
        ("{?a.b[0]: \"{?c: '{c}{a.b[0]}'}\"}.", {"a": {"b": []}, "c": "y"}, "."),
        ("{?a}", {"?a": "a column"}, "a column"),
    ],
)
def test_a_part_is_left_out_where_its_column_is_empty(
    template: str, row: dict[str, Any], text: str
) -> None:
    parsed = parse_template(template)
    assert parsed.render(row) == text
    batch = {name: [one, one] for name, one in {"input": None, **row}.items()}
    columns = {name: values_of(batch, name) for name in parsed.columns}
    assert parsed.render_column(columns, 2) == [text, text]


def test_columns_of_an_optional_part_are_not_needed() -> None:
    parsed = parse_template(ALPACA)
    assert parsed.columns == ("instruction", "input")
    assert parsed.needed_columns == ("instruction",)


@pytest.mark.parametrize("template", ['{?a: "x}', '{?a: "x" {b}}', '{?a: "{?b: "x"}"}'])
def test_an_optional_part_that_does_not_end(template: str) -> None:
    with pytest.raises(TemplateError):
        parse_template(template)


@pytest.mark.parametrize(
    ("template", "column", "kind"),
    [
        ("{list} {n}", "list", "a list"),
        ("see {t}", "t", "a mapping"),
        ("{b}{b}", "b", "bytes"),
        ("{?t: '{t}'}", "t", "a mapping"),
    ],
)
def test_no_text_is_made_of_a_list(template: str, column: str, kind: str) -> None:
    row = {"list": ["a"], "t": {"en": "x"}, "b": b"x", "n": 1}
    with pytest.raises(NotTextError) as caught:
        parse_template(template).render(row)
    assert caught.value.column == column
    assert caught.value.headline.startswith(f'the column "{column}" has {kind}')
    with pytest.raises(NotTextError):
        parse_template(template).render_column({name: [one] for name, one in row.items()}, 1)


@pytest.mark.parametrize("template", ["{text}", "{text} {n}"])
def test_no_text_begins_with_a_byte_order_mark(template: str) -> None:
    row = {"text": "﻿hé", "n": 1}
    parsed = parse_template(template)
    assert parsed.render(row).startswith("hé")
    assert parsed.render_column({name: [one] for name, one in row.items()}, 1) == [
        parsed.render(row)
    ]


@given(text=st.text(alphabet="{}a .", max_size=12))
@settings(max_examples=150)
def test_any_text_is_a_template_or_says_why_not(text: str) -> None:
    try:
        parsed = parse_template(text)
    except TemplateError:
        return
    names = [part.column for part in parsed.parts if isinstance(part, Placeholder)]
    braces = text.count("{") + text.count("}")
    literal = "".join(part for part in parsed.parts if isinstance(part, str))
    assert braces == 2 * len(names) + 2 * (literal.count("{") + literal.count("}"))


@given(text=st.text(max_size=20))
@settings(max_examples=100)
def test_doubled_braces_give_back_any_text(text: str) -> None:
    escaped = text.replace("{", "{{").replace("}", "}}")
    assert parse_template(escaped).render({}) == text
