"""Values of ``--column``: text, and JSON for the fields that take it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ftspec.cli.syntax.column_values import read_columns
from ftspec.components import TaskComponent
from ftspec.errors import UsageError
from ftspec.planning.plan import Plan
from tests.unit.conftest import PlanOf


@pytest.fixture
def plan(plan_of: PlanOf, minimal_spec: str) -> Plan:
    """A task of which one field, filled from the column "meta.words", takes any type."""
    spec = minimal_spec.replace('text: "{text}"', 'text: "{meta.words}", text_pair: "{other}"')
    plan = plan_of(spec)
    component = plan.task.component
    assert isinstance(component, TaskComponent)
    fields = [
        replace(field, type="any") if field.name == "text" else field for field in component.fields
    ]
    task = replace(plan.task, component=replace(component, fields=tuple(fields)))
    return replace(plan, task=task)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('["a", "b=c"]', ["a", "b=c"]),
        (' [{"role": "user"}]', [{"role": "user"}]),
        ('{"text": [1, null]}', {"text": [1, None]}),
        ("a text", "a text"),
        ("7", "7"),
        ("null", "null"),
        ('"quoted"', '"quoted"'),
        ("", ""),
    ],
)
def test_field_of_any_type(plan: Plan, written: str, value: Any) -> None:
    assert read_columns([f"meta.words={written}"], plan) == {"meta.words": value}


def test_field_of_text(plan: Plan) -> None:
    assert read_columns(["other=[1]", "meta.words=[1]"], plan) == {
        "other": "[1]",
        "meta.words": [1],
    }
    mixed = replace(plan, template={**plan.template, "text": "see: {meta.words}"})
    assert read_columns(["meta.words=[1]"], mixed) == {"meta.words": "[1]"}


@pytest.mark.parametrize(
    "written", ["[a, b]", "[CLS] a text", "{", pytest.param("[" * 100_000, id="deep")]
)
def test_no_json(plan: Plan, written: str) -> None:
    with pytest.raises(UsageError, match=r"--column meta\.words looks like a list") as caught:
        read_columns([f"meta.words={written}"], plan)
    assert "--file" in str(caught.value)


@pytest.mark.parametrize("written", ["a tree", "=a tree"])
def test_no_name(plan: Plan, written: str) -> None:
    with pytest.raises(UsageError, match="--column expects NAME=VALUE"):
        read_columns([written], plan)
