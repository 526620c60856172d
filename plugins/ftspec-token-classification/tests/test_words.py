"""Words of a row, and the tokens that belong to them."""

from __future__ import annotations

from typing import Any

import pytest
from ftspec_token_classification.words import Words, first_pieces, read_words
from transformers import PreTrainedTokenizerBase

from ftspec.api import RunError


def words_in(words: Words) -> list[str]:
    return [words.text[start:end] for start, end in words.spans]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Marie Curie, born in Warsaw.", ["Marie", "Curie", ",", "born", "in", "Warsaw", "."]),
        ("don't  use (C++) 3.5%", ["don't", "use", "(", "C", "+", "+", ")", "3.5", "%"]),
        ("Łódź\nঢাকা", ["Łódź", "ঢাকা"]),
        ("", []),
    ],
)
def test_a_text_is_split_into_words_and_punctuation(text: str, words: list[str]) -> None:
    found = read_words(text)
    assert found.text == text
    assert words_in(found) == words


def test_a_list_is_taken_as_it_is() -> None:
    listed = ["New York", "", "U.S.", "x"]
    found = read_words(listed)
    assert found.text == "New York  U.S. x"
    assert words_in(found) == listed


@pytest.mark.parametrize("value", [None, 3, ["a", 1], [["a"]]])
def test_anything_else_is_an_error(value: Any) -> None:
    with pytest.raises(RunError, match='the field "tokens" must be a list of words') as caught:
        read_words(value)
    assert caught.value.at == ("preprocess", "template", "tokens")


@pytest.mark.parametrize("name", ["wordpiece", "bytes_bpe"])
def test_every_word_has_its_own_pieces(
    name: str, sentences: list[dict[str, list[str]]], request: pytest.FixtureRequest
) -> None:
    tokenizer: PreTrainedTokenizerBase = request.getfixturevalue(name)
    for row in sentences:
        words = read_words(row["tokens"])
        offsets = tokenizer(words.text, return_offsets_mapping=True)["offset_mapping"]
        owners = words.owners(offsets)
        first = first_pieces(owners)
        assert list(first) == list(range(len(row["tokens"])))
        for word, (start, end) in enumerate(words.spans):
            covered = {
                position
                for piece, owner in zip(offsets, owners, strict=True)
                if owner == word
                for position in range(*piece)
            }
            assert set(range(start, end)) <= covered <= set(range(start - 1, end))


def test_a_word_of_no_pieces_has_no_first(wordpiece: PreTrainedTokenizerBase) -> None:
    words = read_words(["the", "\u200b", "", "river"])
    offsets = wordpiece(words.text, return_offsets_mapping=True)["offset_mapping"]
    assert list(first_pieces(words.owners(offsets))) == [0, 3]
