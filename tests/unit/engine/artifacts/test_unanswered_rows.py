"""Which rows have no references, and which only have them under another name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ftspec.engine.artifacts.unanswered_rows import missing_references
from tests.unit.conftest import PlanOf


@pytest.mark.parametrize(
    ("label", "columns", "missing"),
    [
        ("{topic}", ["text"], ("topic",)),
        ("{topic}", ["text", "id"], ("topic",)),
        ("{text_topic}", ["text"], ("text_topic",)),
        ("{meta.topic}", ["text"], ("meta.topic",)),
        ("{topic}", ["text", "topic"], ()),
        ("{topic}", ["text", "Topics"], ()),
        ("{topic}", ["text", "label"], ()),
        ("{topic}", ["text", "labels"], ()),
        ("{meta.topic}", ["text", "meta.id"], ()),
        ("{text}", ["text"], ()),
        ("{a}/{b}", ["text", "b"], ()),
    ],
)
def test_references_are_missing_if_nothing_is_like_them(
    label: str,
    columns: list[str],
    missing: tuple[str, ...],
    plan_of: PlanOf,
    minimal_spec: str,
) -> None:
    plan = replace(plan_of(minimal_spec), template={"text": "{text}", "label": label})
    assert missing_references(plan, columns) == missing
