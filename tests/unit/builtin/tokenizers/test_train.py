"""Tokenizers trained on English and Bangla text."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from ftspec.api import RunError
from ftspec.builtin.tokenizers.config import TrainTokenizerConfig
from ftspec.builtin.tokenizers.train import train_tokenizer
from tests.unit import tiny
from tests.unit.builtin.tokenizers.conftest import MakeTokenizerContext

ALGORITHMS = ("wordpiece", "bpe", "unigram")
TEXTS = (*tiny.english()[:600], *tiny.bangla())


@pytest.fixture
def train(tokenizer_context: MakeTokenizerContext) -> Any:
    def learn(
        algorithm: str, texts: tuple[str, ...] = TEXTS, **keys: Any
    ) -> PreTrainedTokenizerBase:
        config = TrainTokenizerConfig.model_validate({"algorithm": algorithm, **keys})
        return train_tokenizer(config, tokenizer_context(texts))

    return learn


def read_back(tokenizer: PreTrainedTokenizerBase, text: str) -> str:
    decoded = tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True)
    assert isinstance(decoded, str)
    return decoded


def words(text: str) -> str:
    """What WordPiece keeps: characters in one canonical form, white space aside."""
    return "".join(unicodedata.normalize("NFC", text).split())


# Round trips


@pytest.mark.parametrize("text", ["english", "bangla"])
def test_bpe_loses_nothing(text: str) -> None:
    tokenizer = tiny.tokenizer("bpe")
    for sentence in getattr(tiny, text)():
        assert read_back(tokenizer, sentence) == sentence


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
@settings(max_examples=100, deadline=None)
def test_bpe_loses_nothing_of_any_text(text: str) -> None:
    assert read_back(tiny.tokenizer("bpe"), text) == text


@pytest.mark.parametrize("text", ["english", "bangla"])
def test_unigram_loses_nothing_but_the_way_characters_are_composed(text: str) -> None:
    tokenizer = tiny.tokenizer("unigram")
    for sentence in getattr(tiny, text)():
        assert read_back(tokenizer, sentence) == unicodedata.normalize("NFC", sentence)


def test_unigram_learns_lines_of_any_length_with_their_breaks(train: Any) -> None:
    documents = tuple(file.read_text("utf-8") for file in sorted(tiny.TOPICS.glob("t*.txt")))
    assert max(map(len, documents)) > 10_000
    tokenizer = train("unigram", documents, vocab_size=800)
    for document in documents:
        assert read_back(tokenizer, document) == document


@pytest.mark.parametrize("text", ["english", "bangla"])
def test_wordpiece_loses_nothing_but_white_space(text: str) -> None:
    tokenizer = tiny.tokenizer("wordpiece")
    for sentence in getattr(tiny, text)():
        assert tokenizer.unk_token_id not in tokenizer(sentence)["input_ids"]
        assert words(read_back(tokenizer, sentence)) == words(sentence)


# The vocabulary


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_same_text_gives_the_same_tokenizer(train: Any, algorithm: str) -> None:
    # wordpiece and unigram of the library itself differ each time: its hash maps have other orders
    first, *others = (train(algorithm, vocab_size=600).backend_tokenizer.to_str() for _ in range(3))
    assert all(other == first for other in others)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_vocabulary_is_as_large_as_asked_for(train: Any, algorithm: str, notes: list[str]) -> None:
    assert len(train(algorithm, vocab_size=600)) == 600
    assert notes == [f"trained a {algorithm} tokenizer with 600 tokens on the training text"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_larger_vocabulary_makes_shorter_rows(train: Any, algorithm: str) -> None:
    small, large = (train(algorithm, vocab_size=size) for size in (400, 1200))
    count = [sum(map(len, one(list(TEXTS))["input_ids"])) for one in (small, large)]
    assert count[1] < 0.85 * count[0]


def test_wordpiece_has_whole_words_and_continuations(train: Any) -> None:
    tokenizer = train("wordpiece", ("banana bandana " * 50,), vocab_size=64)
    assert tokenizer.tokenize("banana bandana") == ["banana", "bandana"]
    assert tokenizer.tokenize("nab") == ["n", "##a", "##b"]
    vocabulary = tokenizer.get_vocab()
    assert not any(piece.removeprefix("##").startswith("▁") for piece in vocabulary)


@pytest.mark.parametrize("algorithm", ["wordpiece", "bpe"])
def test_rare_pieces_are_not_learned(train: Any, algorithm: str) -> None:
    texts = ("common " * 5 + "vivid",)
    assert train(algorithm, texts, min_frequency=4).tokenize("common") == ["common"]
    assert len(train(algorithm, texts, min_frequency=4).tokenize("vivid")) == 5
    assert len(train(algorithm, texts, min_frequency=1).tokenize("vivid")) < 5


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("lowercase", [False, True])
def test_lowercase(train: Any, algorithm: str, lowercase: bool) -> None:
    tokenizer = train(algorithm, ("Mixed Case ÄÖ " * 20,), vocab_size=300, lowercase=lowercase)
    expected = "mixed case äö" if lowercase else "Mixed Case ÄÖ"
    assert read_back(tokenizer, "Mixed Case ÄÖ").strip() == expected


def test_two_ways_to_write_a_character_are_one(train: Any) -> None:
    for algorithm in ("wordpiece", "unigram"):
        tokenizer = train(algorithm, ("café ক\u09cb " * 20,), vocab_size=100)
        one, other = (tokenizer(text)["input_ids"] for text in ("cafe\u0301", "café"))
        assert one == other
        assert tokenizer.unk_token_id not in one


# Special tokens


def test_special_tokens_of_wordpiece() -> None:
    tokenizer = tiny.tokenizer("wordpiece")
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert tokenizer.convert_tokens_to_ids(names) == [0, 1, 2, 3, 4]
    assert sorted(tokenizer.all_special_tokens) == sorted(names)
    assert tokenizer.pad_token == "[PAD]"
    single, pair = tokenizer("a"), tokenizer("a", "b")
    assert tokenizer.convert_ids_to_tokens(single["input_ids"]) == ["[CLS]", "a", "[SEP]"]
    assert tokenizer.convert_ids_to_tokens(pair["input_ids"]) == [
        *("[CLS]", "a", "[SEP]"),
        *("b", "[SEP]"),
    ]


def test_special_tokens_of_bpe() -> None:
    tokenizer = tiny.tokenizer("bpe")
    assert (tokenizer.pad_token, tokenizer.eos_token) == ("<|pad|>", "<|endoftext|>")
    assert tokenizer.pad_token_id != tokenizer.eos_token_id
    assert tokenizer("a")["input_ids"] == tokenizer.convert_tokens_to_ids(["a"])


def test_special_tokens_of_unigram() -> None:
    tokenizer = tiny.tokenizer("unigram")
    assert tokenizer.convert_tokens_to_ids(["<pad>", "</s>", "<unk>"]) == [0, 1, 2]
    assert (tokenizer.pad_token_id, tokenizer.eos_token_id) == (0, 1)
    assert tokenizer("a", "b")["input_ids"].count(1) == 2
    assert tokenizer("a")["input_ids"][-1] == 1


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_special_tokens_in_a_text_are_one_token_and_are_skipped(algorithm: str) -> None:
    tokenizer = tiny.tokenizer(algorithm)
    token = tokenizer.pad_token
    ids = tokenizer(f"a{token}b", add_special_tokens=False)["input_ids"]
    assert tokenizer.pad_token_id in ids
    assert token not in tokenizer.decode(ids, skip_special_tokens=True)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_it_comes_back_from_a_folder(algorithm: str, tmp_path: Path) -> None:
    tokenizer = tiny.tokenizer(algorithm)
    tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    assert loaded(list(TEXTS))["input_ids"] == tokenizer(list(TEXTS))["input_ids"]
    assert loaded.special_tokens_map == tokenizer.special_tokens_map
    assert read_back(loaded, TEXTS[-1]) == read_back(tokenizer, TEXTS[-1])


# Text that is not enough to train on


def test_unigram_needs_room_for_every_character(train: Any) -> None:
    with pytest.raises(RunError) as caught:
        train("unigram", vocab_size=64)
    assert caught.value.slug == "vocab-size"
    assert caught.value.at == ("tokenizer", "vocab_size")
    assert caught.value.headline == ("64 tokens are too few for all characters of the text")


@pytest.mark.parametrize("texts", [(), ("",)])
def test_unigram_needs_text(train: Any, texts: tuple[str, ...]) -> None:
    with pytest.raises(RunError) as caught:
        train("unigram", texts)
    assert caught.value.slug == "no-text"
    assert caught.value.at == ("tokenizer",)
