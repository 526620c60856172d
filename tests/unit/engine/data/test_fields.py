"""Templates over rows: nested columns, types kept, mistakes named; the same for streams."""

from __future__ import annotations

from typing import Any

import datasets
import pytest
from datasets.fingerprint import Hasher

from ftspec.engine.data.columns import Rows
from ftspec.engine.data.fields import _Render, render_fields
from ftspec.errors import RunError
from ftspec.spec.template import parse_template
from tests.unit import tiny

FEATURES = datasets.Features(
    {
        "text": datasets.Value("string"),
        "label": datasets.ClassLabel(names=["neg", "pos"]),
        "translation": datasets.Translation(languages=["en", "bn"]),
        "meta": {
            "stars": datasets.Value("float32"),
            "tags": datasets.List(datasets.Value("string")),
        },
    }
)
ROWS = [
    {
        "text": "good {film}",
        "label": 1,
        "translation": {"en": "a", "bn": "ক"},
        "meta": {"stars": 4.5, "tags": ["x", "y"]},
    },
    {
        "text": None,
        "label": -1,
        "translation": {"en": "b", "bn": "খ"},
        "meta": {"stars": None, "tags": []},
    },
]


@pytest.fixture(params=["table", "stream", "stream of unknown columns"])
def rows(request: pytest.FixtureRequest) -> Rows:
    table = datasets.Dataset.from_list(ROWS, features=FEATURES)
    if request.param == "table":
        return table
    stream = table.to_iterable_dataset()
    return stream if request.param == "stream" else stream.map(lambda row: row)


@pytest.mark.parametrize(
    ("template", "values"),
    [
        ("{text}", ["good {film}", None]),
        ("{text}!", ["good {film}!", "!"]),
        ("{{text}} {label}", ["{text} 1", "{text} -1"]),
        ("{translation.en} → {translation.bn}", ["a → ক", "b → খ"]),
        ("{translation.bn}", ["ক", "খ"]),
        ("{meta.stars}", [4.5, None]),
        ("{meta.stars} stars", ["4.5 stars", " stars"]),
        ("{meta.tags}", [["x", "y"], []]),
        ("{label}", [1, -1]),
        ("always the same", ["always the same"] * 2),
        ("{meta.tags[0]}", ["x", None]),
        ("{meta.tags:json}", ['["x", "y"]', "[]"]),
        ("{label}{?meta.tags: ' of {meta.tags[1]}'}", ["1 of y", "-1"]),
        ("{label}{?nowhere: ' {nowhere}'}", ["1", "-1"]),
    ],
)
def test_templates(rows: Rows, template: str, values: list[Any]) -> None:
    rendered = render_fields(rows, {"field": template})
    assert [row["field"] for row in rendered] == values
    assert all(list(row) == ["field"] for row in rendered)


@pytest.mark.parametrize("template", ["{meta.tags} ", "{text}{meta}"])
def test_no_text_is_made_of_a_list(rows: Rows, template: str) -> None:
    with pytest.raises(RunError) as caught:
        list(render_fields(rows, {"text": template}))
    assert caught.value.slug == "field-type"
    assert caught.value.at == ("preprocess", "template", "text")


def test_fields_may_have_the_names_of_columns(rows: Rows) -> None:
    rendered = render_fields(rows, {"label": "{text}", "text": "{label}"})
    assert list(rendered) == [{"label": "good {film}", "text": 1}, {"label": None, "text": -1}]


TEMPLATE = {
    "text": "{translation.en}!",
    "label": "{label}",
    "value": "{meta.stars}",
    "target": "{translation.bn}",
    "set": "{meta.tags}",
}
RENDERED = datasets.Features(
    {
        "text": datasets.Value("string"),
        "label": FEATURES["label"],
        "value": datasets.Value("float32"),
        "target": datasets.Value("string"),
        "set": datasets.List(datasets.Value("string")),
    }
)


def test_bare_placeholders_keep_their_types() -> None:
    table = datasets.Dataset.from_list(ROWS, features=FEATURES)
    assert render_fields(table, TEMPLATE).features == RENDERED
    assert render_fields(table.to_iterable_dataset(), TEMPLATE).features == RENDERED


def test_a_stream_of_unknown_columns_has_unknown_fields() -> None:
    stream = datasets.Dataset.from_list(ROWS, features=FEATURES).to_iterable_dataset()
    assert render_fields(stream.map(lambda row: row), TEMPLATE).features is None


@pytest.mark.parametrize(
    ("template", "column", "suggestion"),
    [
        ("{txet}", "txet", 'did you mean "text"?'),
        ("{translation.eng}", "translation.eng", 'did you mean "translation.en"?'),
        ("see {Text} here", "Text", 'did you mean "text"?'),
        ("{meta.stars.deep}", "meta.stars.deep", 'did you mean "meta.stars"?'),
    ],
)
def test_a_column_that_is_not_there(
    rows: Rows, template: str, column: str, suggestion: str
) -> None:
    with pytest.raises(RunError) as caught:
        render_fields(rows, {"label": "{label}", "text": template})
    assert caught.value.slug == "unknown-column"
    assert caught.value.at == ("preprocess", "template", "text")
    assert caught.value.headline == f'the rows have no column "{column}"'
    if rows.features is not None:
        assert caught.value.helps == (
            suggestion,
            'they have "text", "label", "translation.en", "translation.bn", "meta.stars", '
            '"meta.tags"',
        )
    else:
        assert caught.value.helps[-1].startswith('they have "text", "label"')


def test_the_renderer_hashes_by_its_templates() -> None:
    first, again, other = (
        Hasher.hash(_Render({"text": parse_template(text)}))
        for text in ("see: {text}", "see: {text}", "{text}")
    )
    assert first == again != other


def test_real_rows_are_cached_by_rows_and_template() -> None:
    table = datasets.Dataset.from_list(tiny.rows_of(tiny.BANGLA))
    first, again, other = (
        render_fields(table, {"source": template, "target": "{bn}"})
        for template in ("translate: {en}", "translate: {en}", "{en}")
    )
    assert first._fingerprint == again._fingerprint != other._fingerprint
    assert first[5] == {
        "source": "translate: " + tiny.rows_of(tiny.BANGLA)[5]["en"],
        "target": tiny.bangla()[5],
    }
    assert render_fields(table.select([1]), {"source": "{en}"})._fingerprint != other._fingerprint
