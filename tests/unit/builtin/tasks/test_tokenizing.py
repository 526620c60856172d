"""The same tokens as from a call of the tokenizer, for every kind of tokenizer."""

from __future__ import annotations

from typing import Any

import pytest
from transformers import AutoTokenizer, MBartTokenizerFast, PreTrainedTokenizerBase

from ftspec.builtin.tasks import tokenizing
from ftspec.builtin.tasks.tokenizing import tokenize
from tests.unit import tiny

TEXTS = [*tiny.english()[:40], *tiny.bangla()[:10], "", " ", "[SEP] <|endoftext|> </s>", "x" * 300]
PAIRS = [text[::-1] for text in TEXTS]


@pytest.fixture(params=["wordpiece", "bpe", "unigram", "minilm"])
def tokenizer(request: pytest.FixtureRequest) -> PreTrainedTokenizerBase:
    if request.param == "minilm":
        loaded: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(tiny.minilm())
        return loaded
    return tiny.tokenizer(request.param)


@pytest.mark.parametrize("max_length", [None, 8, 64])
@pytest.mark.parametrize("pairs", [None, PAIRS], ids=["alone", "pairs"])
@pytest.mark.parametrize("side", ["right", "left"])
def test_equals_a_call(
    tokenizer: PreTrainedTokenizerBase, max_length: int | None, pairs: list[str] | None, side: str
) -> None:
    tokenizer.truncation_side = side
    assert tokenizing._is_plain(tokenizer)
    expected = tokenizer(
        TEXTS, pairs, truncation=max_length is not None, max_length=max_length, verbose=False
    )
    assert tokenize(tokenizer, TEXTS, pairs, max_length=max_length) == dict(expected)
    ids = tokenize(tokenizer, TEXTS, pairs, max_length=max_length, ids_only=True)
    assert ids == {"input_ids": expected["input_ids"]}


def test_special_tokens_in_a_text_are_split_where_the_tokenizer_says_so() -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny.minilm())
    whole = tokenize(tokenizer, TEXTS, max_length=None)
    tokenizer.split_special_tokens = True
    split = tokenize(tokenizer, TEXTS, max_length=None)
    assert split == dict(tokenizer(TEXTS, verbose=False))
    assert split != whole


def test_a_tokenizer_with_a_way_of_its_own_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Own(type(tiny.tokenizer("wordpiece"))):  # type: ignore[misc]
        def _encode_plus(self, *arguments: Any, **options: Any) -> Any:
            encoded = super()._encode_plus(*arguments, **options)
            encoded["input_ids"] = [[7, *ids] for ids in encoded["input_ids"]]
            return encoded

    tokenizer = tiny.tokenizer("wordpiece")
    tokenizer.__class__ = Own
    assert not tokenizing._is_plain(tokenizer)
    assert tokenize(tokenizer, TEXTS, max_length=8)["input_ids"][0][0] == 7
    assert not tokenizing._is_plain(MBartTokenizerFast.__new__(MBartTokenizerFast))
