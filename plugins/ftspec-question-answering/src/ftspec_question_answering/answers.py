"""The answers of a row, and their places in the context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ftspec.api import RunError

_AT = ("preprocess", "template", "answers")


class Answer(NamedTuple):
    """A text and the position of its first character."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """The position after its last character."""
        return self.start + len(self.text)


def read_answers(value: Any, context: str) -> list[Answer]:
    """The answers of the field ``answers``, without surrounding spaces; none for ``None``.

    Raises:
        RunError: the value is not in the format of SQuAD, or a text is not at its position.
    """
    if value is None:
        return []
    try:
        texts, starts = value["text"], value["answer_start"]
        answers = [Answer(text, start) for text, start in zip(texts, starts, strict=True)]
        are_texts = all(isinstance(text, str) and isinstance(start, int) for text, start in answers)
    except (KeyError, TypeError, ValueError):
        are_texts = False
    if not are_texts:
        raise RunError(
            f"a row's answers must be {{text: […], answer_start: […]}}, found {_shown(value)}",
            slug="question-answering/answers",
            at=_AT,
            helps=("two lists of the same length, both empty if there is no answer",),
        )
    for answer in answers:
        if answer.start < 0 or context[answer.start : answer.end] != answer.text:
            raise RunError(
                f'the answer "{answer.text}" is not at character {answer.start} of its context',
                slug="question-answering/misplaced-answer",
                at=_AT,
                helps=(f'the text there is "{context[answer.start : answer.end]}"',),
            )
    return [_stripped(answer) for answer in answers if answer.text.strip()]


def _stripped(answer: Answer) -> Answer:
    text = answer.text.lstrip()
    return Answer(text.rstrip(), answer.end - len(text))


def _shown(value: Any) -> str:
    return "{" + ", ".join(map(str, value)) + "}" if isinstance(value, Mapping) else f'"{value}"'
