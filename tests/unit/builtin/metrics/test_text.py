"""Metrics of generated text, compared with rouge-score and sacrebleu, in several scripts."""

from __future__ import annotations

import statistics
from typing import Any

import pytest
import sacrebleu as sacrebleu_library
from rouge_score import rouge_scorer

from ftspec.builtin.metrics.config import ChrfConfig, RougeConfig, SacrebleuConfig
from ftspec.builtin.metrics.text import UnicodeWords, chrf, rouge, sacrebleu
from tests.unit import tiny
from tests.unit.builtin.conftest import MakeContext

TYPES = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
ENGLISH = list(tiny.english()[:20])
OTHER_ENGLISH = [
    f"{one.split(' ', 1)[-1]} and so on" for one in ENGLISH
]  # most words are the same, in the same order
BANGLA = list(tiny.bangla()[:20])
OTHER_BANGLA = [" ".join(text.split()[: max(1, len(text.split()) // 2)]) for text in BANGLA]
EMPTY = [""] * 20


@pytest.fixture
def rouge_of(context: MakeContext) -> Any:
    def compute(
        predictions: list[str], references: list[str], tokenizer: Any = "unicode"
    ) -> dict[str, float]:
        module = rouge(RougeConfig(tokenizer=tokenizer), context("metrics", 0))
        result: dict[str, float] = module.compute(predictions=predictions, references=references)
        return result

    return compute


# ROUGE


@pytest.mark.parametrize("predictions", [ENGLISH, OTHER_ENGLISH, EMPTY])
def test_english_rouge_is_that_of_the_library(rouge_of: Any, predictions: list[str]) -> None:
    scorer = rouge_scorer.RougeScorer(TYPES, use_stemmer=True)
    scores = [scorer.score(right, given) for right, given in zip(ENGLISH, predictions, strict=True)]
    expected = {
        name: 100 * statistics.mean(score[name].fmeasure for score in scores) for name in TYPES
    }
    assert rouge_of(predictions, ENGLISH, "english") == pytest.approx(expected)


def test_unicode_rouge_of_plain_english_is_that_of_the_library_unstemmed(rouge_of: Any) -> None:
    plain = [text.encode("ascii", "ignore").decode().replace("_", " ") for text in ENGLISH]
    other = [text.split(" ", 1)[-1] for text in plain]
    scorer = rouge_scorer.RougeScorer(TYPES, use_stemmer=False)
    scores = [scorer.score(right, given) for right, given in zip(plain, other, strict=True)]
    expected = {
        name: 100 * statistics.mean(score[name].fmeasure for score in scores) for name in TYPES
    }
    assert rouge_of(other, plain) == pytest.approx(expected)


def test_bangla_is_counted(rouge_of: Any) -> None:
    assert rouge_of(BANGLA, BANGLA) == pytest.approx(dict.fromkeys(TYPES, 100.0))
    half = rouge_of(OTHER_BANGLA, BANGLA)
    # precision is 1 and recall about a half, so F is about two thirds
    assert 55 < half["rouge1"] < 80
    assert half["rouge2"] < half["rouge1"]
    assert half["rougeL"] == pytest.approx(half["rouge1"])
    shifted = rouge_of(BANGLA[1:] + BANGLA[:1], BANGLA)
    assert shifted["rouge1"] < 40


def test_the_english_tokenizer_finds_nothing_in_bangla(rouge_of: Any) -> None:
    no_ascii = [
        text
        for text in tiny.bangla()
        if not any(character.isascii() and character.isalnum() for character in text)
    ]
    assert len(no_ascii) > 50
    assert rouge_of(no_ascii, no_ascii, "english") == dict.fromkeys(TYPES, 0.0)
    assert rouge_of(no_ascii, no_ascii)["rouge1"] == pytest.approx(100.0)


@pytest.mark.parametrize("tokenizer", ["unicode", "english"])
@pytest.mark.parametrize(("given", "right"), [(EMPTY, BANGLA), (ENGLISH, EMPTY), (EMPTY, EMPTY)])
def test_empty_texts_score_nothing(
    rouge_of: Any, given: list[str], right: list[str], tokenizer: str
) -> None:
    assert rouge_of(given, right, tokenizer) == dict.fromkeys(TYPES, 0.0)


@pytest.mark.parametrize(
    "text",
    [
        "One is here. Two is there! Is three?",
        "এক এখানে। দুই ওখানে।",
        "一在这里。 二在那里。",
        "One is here.\nTwo is there.",
    ],
)
def test_sentences_of_rouge_lsum_may_come_in_another_order(rouge_of: Any, text: str) -> None:
    separator = "\n" if "\n" in text else " "
    ends = ("!", "?", ".", "।", "。")
    sentences: list[str] = []
    for word in text.split(separator):
        if sentences and not sentences[-1].endswith(ends):
            sentences[-1] += separator + word
        else:
            sentences.append(word)
    swapped = separator.join(reversed(sentences))
    scores = rouge_of([swapped], [text])
    assert scores["rougeLsum"] == pytest.approx(100.0)
    assert scores["rougeL"] < 100.0


# Words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, WORLD!", ["hello", "world"]),
        ("don't stop-me now_please", ["don", "t", "stop", "me", "now", "please"]),
        ("x2 3.14", ["x2", "3", "14"]),
        # vowel signs and the virama belong to the word
        ("আমি বাংলায় গান গাই।", ["আমি", "বাংলায\u09bc", "গান", "গাই"]),
        ("কর্ম", ["কর্ম"]),
        # joiners change how a word looks, not the word
        ("র\u200d্যাব", ["র্যাব"]),
        ("क्\u200cष क्\u200dष", ["क्ष", "क्ष"]),
        ("می\u200cرود", ["میرود"]),
        ("a\u200b b \u200bc", ["a", "b", "c"]),
        # the composition of a character does not matter either
        ("caf\u00e9 cafe\u0301", ["café", "café"]),
        ("য\u09bc \u09df", ["য\u09bc", "য\u09bc"]),
        ("Straße ΣΟΦΟΣ", ["straße", "σοφος"]),
        ("ÜBER İzmir", ["über", "i\u0307zmir"]),
        # scripts without spaces, a character at a time
        ("我爱北京。", ["我", "爱", "北", "京"]),
        ("GPT模型2", ["gpt", "模", "型", "2"]),
        ("カタカナ", ["カ", "タ", "カ", "ナ"]),
        ("ไทย", ["ไ", "ท", "ย"]),
        # scripts with spaces
        ("한국어 문장", ["한국어", "문장"]),
        ("Привет, мир", ["привет", "мир"]),
        ("!?… — «»", []),
        ("", []),
        ("😀 a😀b", ["a", "b"]),
    ],
)
def test_words_of_any_script(text: str, words: list[str]) -> None:
    assert UnicodeWords().tokenize(text) == words


def test_every_word_of_real_bangla_is_one_word() -> None:
    for text in tiny.bangla():
        for word in text.split():
            if all("\u0980" <= unit <= "\u09fe" for unit in word):
                assert len(UnicodeWords().tokenize(word)) == 1, word


# BLEU and chrF


@pytest.mark.parametrize(
    ("given", "right"),
    [(ENGLISH, ENGLISH), (OTHER_ENGLISH, ENGLISH), (OTHER_BANGLA, BANGLA), (EMPTY, ENGLISH)],
)
@pytest.mark.parametrize(
    "keys", [{}, {"tokenize": "char"}, {"tokenize": "intl", "lowercase": True}]
)
def test_sacrebleu(given: list[str], right: list[str], keys: Any, context: MakeContext) -> None:
    module = sacrebleu(SacrebleuConfig(**keys), context("metrics", 0))
    expected = sacrebleu_library.corpus_bleu(given, [right], **keys).score
    result = module.compute(predictions=given, references=right)
    assert result == {"bleu": pytest.approx(expected)}


@pytest.mark.parametrize(
    ("given", "right"),
    [(ENGLISH, ENGLISH), (OTHER_ENGLISH, ENGLISH), (OTHER_BANGLA, BANGLA), (EMPTY, ENGLISH)],
)
@pytest.mark.parametrize("word_order", [0, 2])
def test_chrf(given: list[str], right: list[str], word_order: int, context: MakeContext) -> None:
    module = chrf(ChrfConfig(word_order=word_order), context("metrics", 0))
    expected = sacrebleu_library.corpus_chrf(given, [right], word_order=word_order).score
    result = module.compute(predictions=given, references=right)
    assert result == {"chrf": pytest.approx(expected)}
