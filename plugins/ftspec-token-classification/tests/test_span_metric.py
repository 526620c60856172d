"""Whole spans count, not tags."""

from __future__ import annotations

from typing import Any

import pytest
from ftspec_token_classification.config import SeqevalConfig
from ftspec_token_classification.span_metric import seqeval

from ftspec.api import Context

RIGHT = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "B-LOC"]]


def measure(given: list[list[str]], right: list[list[str]], **keys: Any) -> dict[str, float]:
    context = Context(section=("metrics", 0), seed=0, note=lambda text: None)
    module = seqeval(SeqevalConfig.model_validate(keys), context)
    found: dict[str, float] = module.compute(predictions=given, references=right)
    return found


def test_all_right() -> None:
    assert set(measure(RIGHT, RIGHT).values()) == {1.0}


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
    assert measure([["O"]], [["O"]]) == {"precision": 0, "recall": 0, "f1": 0, "accuracy": 1}
