"""Templates: placeholders and literal braces. Nothing else is evaluated."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftspec.spec.template import (
    MissingColumnError,
    Placeholder,
    TemplateError,
    parse_template,
    value_of,
)

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


@pytest.mark.parametrize("column", ["x", "t.x", "text.x", "n.real", "t.en.x", "none.x"])
def test_missing_column_is_named_in_full(column: str) -> None:
    with pytest.raises(MissingColumnError) as caught:
        value_of(ROW, column)
    assert caught.value.column == column


def test_column_with_a_dot_in_its_name_comes_before_a_nested_value() -> None:
    assert value_of({"a.b": 1, "a": {"b": 2}}, "a.b") == 1


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
