"""Whole spans count, not tags."""

from __future__ import annotations

from typing import Any

import pytest
from ftspec_token_classification.config import SeqevalConfig
from ftspec_token_classification.span_metric import seqeval

from ftspec.api import Context

RIGHT = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "B-LOC"]]


def measure(given: list[list[str]], right: list[list[str]], **keys: Any) -> dict[str, Any]:
    context = Context(section=("metrics", 0), seed=0, note=lambda text: None)
    module = seqeval(SeqevalConfig.model_validate(keys), context)
    found: dict[str, Any] = module.compute(predictions=given, references=right)
    return found


def numbers(found: dict[str, Any]) -> dict[str, float]:
    return {name: value for name, value in found.items() if name != "entities"}


def test_all_right() -> None:
    assert set(numbers(measure(RIGHT, RIGHT)).values()) == {1.0}


def test_half_a_span_is_no_span() -> None:
    given = [["B-PER", "O", "O", "B-LOC"], ["O", "O"]]
    found = measure(given, RIGHT)
    assert found["precision"] == pytest.approx(1 / 2)
    assert found["recall"] == pytest.approx(1 / 3)
    assert found["f1"] == pytest.approx(2 / 5)
    assert found["accuracy"] == pytest.approx(4 / 6)


def test_types_averaged() -> None:
    given = [["B-PER", "I-PER", "O", "O"], ["O", "O"]]
    assert measure(given, RIGHT, average="macro")["f1"] == pytest.approx(1 / 2)
    assert measure(given, RIGHT, average="weighted")["f1"] == pytest.approx(1 / 3)


def test_a_scheme_is_strict() -> None:
    given = [["I-PER", "I-PER", "O", "B-LOC"], ["O", "B-LOC"]]
    assert measure(given, RIGHT)["f1"] == 1.0
    assert measure(given, RIGHT, scheme="IOB2")["recall"] == pytest.approx(2 / 3)


def test_nothing_given_and_nothing_right() -> None:
    found = measure([["O"]], [["O"]])
    assert numbers(found) == {"precision": 0, "recall": 0, "f1": 0, "accuracy": 1}
    assert found["entities"].rows == []


def test_each_type_has_its_rates() -> None:
    given = [["B-PER", "O", "O", "B-LOC"], ["B-ORG", "O"]]
    assert measure(given, RIGHT)["entities"].to_json() == [
        {"entity": "LOC", "precision": 1, "recall": 0.5, "f1": pytest.approx(2 / 3), "spans": 2},
        {"entity": "PER", "precision": 0, "recall": 0, "f1": 0, "spans": 1},
        {"entity": "ORG", "precision": 0, "recall": 0, "f1": 0, "spans": 0},
    ]
    strict = measure(given, RIGHT, scheme="IOB2")["entities"]
    assert [row["entity"] for row in strict.rows] == ["LOC", "PER", "ORG"]
