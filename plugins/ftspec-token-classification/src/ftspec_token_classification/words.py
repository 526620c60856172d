"""The words of a text, and the word that each token belongs to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import regex

from ftspec.api import RunError

# regex, because re does not treat the vowel signs of many scripts as parts of words
_WORD = regex.compile(r"\w+(?:[^\w\s]+\w+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Words:
    """A text and the character ranges of its words, in order. Ranges may be empty."""

    text: str
    spans: tuple[tuple[int, int], ...]

    def owners(self, offsets: Sequence[Sequence[int]]) -> list[int | None]:
        """The index of the word that each token belongs to. ``offsets`` are the character ranges of
        the tokens; special tokens have empty ranges.

        A token may include the space before its word, so its last character decides.
        """
        starts = [start for start, _ in self.spans]
        found: list[int | None] = []
        for start, end in offsets:
            index = bisect_right(starts, end - 1) - 1
            inside = start < end and index >= 0 and end - 1 < self.spans[index][1]
            found.append(index if inside else None)
        return found


def read_words(value: Any) -> Words:
    """The words of the field ``tokens``: a list is joined by spaces, a text is split into words and
    punctuation.

    Raises:
        RunError: the value is neither.
    """
    if isinstance(value, str):
        return Words(value, tuple(match.span() for match in _WORD.finditer(value)))
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise RunError(
            'the field "tokens" must be a list of words or a text, and a row has '
            + ("nothing" if value is None else f'"{value}"'),
            slug="token-classification/words",
            at=("preprocess", "template", "tokens"),
        )
    spans = []
    position = 0
    for word in value:
        spans.append((position, position + len(word)))
        position += len(word) + 1
    return Words(" ".join(value), tuple(spans))


def first_pieces(owners: Sequence[int | None]) -> dict[int, int]:
    """The position of the first token of each word that has tokens."""
    first: dict[int, int] = {}
    for position, word in enumerate(owners):
        if word is not None:
            first.setdefault(word, position)
    return first
