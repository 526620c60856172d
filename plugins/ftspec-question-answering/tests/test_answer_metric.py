"""The answers that SQuAD counts as right."""

from __future__ import annotations

import pytest
from ftspec_question_answering.answer_metric import squad
from ftspec_question_answering.config import SquadConfig

from ftspec.api import Context


@pytest.mark.parametrize(
    ("given", "right", "exact", "f1"),
    [
        ("The sea-otter!", ["sea otter", "seaotter"], 100, 100),
        ("a large bird", ["the bird"], 0, 100 * 2 / 3),  # half precise, recalled in full
        ("", [""], 100, 100),
        ("", ["bird"], 0, 0),
        ("bird", [""], 0, 0),
        ("fish", ["bird", "fish"], 100, 100),
    ],
)
def test_one_answer(given: str, right: list[str], exact: float, f1: float) -> None:
    context = Context(section=("metrics", 0), seed=0, note=lambda text: None)
    found = squad(SquadConfig(), context).compute(predictions=[given], references=[right])
    assert found == {"exact_match": exact, "f1": pytest.approx(f1)}


def test_means_over_questions() -> None:
    context = Context(section=("metrics", 0), seed=0, note=lambda text: None)
    module = squad(SquadConfig(), context)
    found = module.compute(predictions=["bird", "big fish"], references=[["bird"], ["fish"]])
    assert found == {"exact_match": 50, "f1": pytest.approx(100 * (1 + 2 / 3) / 2)}
