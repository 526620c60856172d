"""Rows without a text of their own are counted, and the first one is named."""

from __future__ import annotations

import pytest
from datasets import Dataset

from ftspec.engine.data.empty_texts import describe_empty_texts
from ftspec.engine.data.fields import render_fields
from tests.unit.conftest import PlanOf

_TEXTS = ["one", "", None, "  \t", "two"]
_LABELS = ["a", "b", "a", "b", ""]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{x}", ['2 rows have no text in the field "text" (the first is row 2)']),
        (
            "a {x}",
            ['3 rows have only the template\'s own text in the field "text" (the first is row 2)'],
        ),
        ("{?x: '{x}'}", ['3 rows have no text in the field "text" (the first is row 2)']),
        ("{y}", ['1 row has no text in the field "text" (it is row 5)']),
        ("{x} by {y}", []),
    ],
)
def test_first_empty_row_is_named(
    template: str, said: list[str], plan_of: PlanOf, minimal_spec: str
) -> None:
    plan = plan_of(minimal_spec.replace('"{text}"', f'"{template}"').replace("{stars}", "{y}"))
    rows = Dataset.from_dict({"x": _TEXTS, "y": _LABELS})
    assert describe_empty_texts(render_fields(rows, plan.template), plan) == said


def test_rows_of_a_stream_are_not_known(plan_of: PlanOf, minimal_spec: str) -> None:
    plan = plan_of(minimal_spec.replace("{text}", "{x}").replace("{stars}", "{y}"))
    rows = Dataset.from_dict({"x": _TEXTS, "y": _LABELS}).to_iterable_dataset()
    assert describe_empty_texts(render_fields(rows, plan.template), plan) == []
