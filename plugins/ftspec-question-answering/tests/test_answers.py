"""Answers in the format of SQuAD."""

from __future__ import annotations

from typing import Any

import pytest
from ftspec_question_answering.answers import Answer, read_answers

from ftspec.api import RunError

CONTEXT = "otter: a  swimmer. "


@pytest.mark.parametrize(
    ("value", "answers"),
    [
        ({"text": ["otter", "a"], "answer_start": [0, 7]}, [Answer("otter", 0), Answer("a", 7)]),
        ({"text": [" a  swimmer. "], "answer_start": [6]}, [Answer("a  swimmer.", 7)]),
        ({"text": [], "answer_start": []}, []),
        ({"text": ["", "  "], "answer_start": [3, 8]}, []),
        (None, []),
    ],
)
def test_answers(value: Any, answers: list[Answer]) -> None:
    assert read_answers(value, CONTEXT) == answers
    assert all(CONTEXT[one.start : one.end] == one.text for one in answers)


@pytest.mark.parametrize(
    "value",
    [
        "otter",
        ["otter"],
        {"text": ["otter"]},
        {"text": ["otter"], "answer_start": []},
        {"text": ["otter"], "answer_start": ["0"]},
        {"text": [1], "answer_start": [0]},
        {"text": None, "answer_start": None},
    ],
)
def test_another_form(value: Any) -> None:
    with pytest.raises(RunError, match="answers must be") as caught:
        read_answers(value, CONTEXT)
    assert caught.value.at == ("preprocess", "template", "answers")


def test_an_answer_that_stands_elsewhere() -> None:
    with pytest.raises(RunError) as caught:
        read_answers({"text": ["otter"], "answer_start": [1]}, CONTEXT)
    assert caught.value.headline == ('the answer "otter" is not at character 1 of its context')
    assert caught.value.helps == ('the text there is "tter:"',)
