"""Metrics of generated text, from rouge-score and sacrebleu.

Inputs are N texts; results are in percent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import datasets
import numpy as np
from rouge_score import rouge_scorer, scoring
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from ftspec.api import Context, LocalMetric, RowSums
from ftspec.builtin.metrics.config import ChrfConfig, RougeConfig, SacrebleuConfig

_ROUGE_TYPES = ("rouge1", "rouge2", "rougeL", "rougeLsum")
_SENTENCE_END = re.compile(r"(?<=[.!?।॥۔。！？])\s+")

_TEXTS = {"predictions": datasets.Value("string"), "references": datasets.Value("string")}


class UnicodeWords:
    """Splits text of any script into lower-case words.

    The tokenizer of rouge-score keeps only ASCII letters and digits, so every score of a Bangla
    text is zero. Here a word is a sequence of letters, marks and digits: the vowel signs of Bangla
    are marks, and Python's ``\\w`` would split words at them. In scripts without spaces (Chinese,
    Japanese, Thai, Lao, Khmer, Burmese) each character is a word.
    """

    def tokenize(self, text: str) -> list[str]:
        """The words of ``text``."""
        words: list[str] = []
        inside = False
        for character in unicodedata.normalize("NFC", text).lower():
            if not _is_part_of_word(character):
                inside = inside and unicodedata.category(character) == "Cf"
                continue
            alone = _is_unspaced(character)
            if inside and not alone:
                words[-1] += character
            else:
                words.append(character)
            inside = not alone
        return words


def rouge(config: RougeConfig, context: Context) -> LocalMetric:
    """F-measures of ROUGE-1, -2, -L and -Lsum (per sentence of each text)."""
    is_english = config.tokenizer == "english"
    scorer = rouge_scorer.RougeScorer(
        list(_ROUGE_TYPES),
        use_stemmer=is_english,
        tokenizer=None if is_english else UnicodeWords(),
    )

    def score(predictions: list[str], references: list[str]) -> dict[str, float]:
        aggregator = _Means()
        for prediction, reference in zip(predictions, references, strict=True):
            # ROUGE-Lsum treats lines as sentences
            aggregator.add(scorer.score(_by_sentence(reference), _by_sentence(prediction)))
        return aggregator.percentages()

    def of_rows(predictions: Any, references: Any) -> np.ndarray:
        pairs = zip(predictions, references, strict=True)
        scores = (scorer.score(_by_sentence(right), _by_sentence(given)) for given, right in pairs)
        return np.array([[one[name].fmeasure for name in _ROUGE_TYPES] for one in scores])

    def from_sums(sums: np.ndarray, rows: int) -> Mapping[str, np.ndarray]:
        return {name: 100 * sums[..., at] / rows for at, name in enumerate(_ROUGE_TYPES)}

    return LocalMetric("rouge", _TEXTS, score, RowSums(of_rows, from_sums))


def sacrebleu(config: SacrebleuConfig, context: Context) -> LocalMetric:
    """Corpus BLEU."""
    bleu = BLEU(tokenize=config.tokenize, lowercase=config.lowercase)

    def score(predictions: list[str], references: list[str]) -> dict[str, float]:
        return {"bleu": bleu.corpus_score(predictions, [references]).score}

    return LocalMetric("sacrebleu", _TEXTS, score, _statistics("bleu", bleu))


def chrf(config: ChrfConfig, context: Context) -> LocalMetric:
    """Corpus chrF, or chrF++ with a word order of 2."""
    metric = CHRF(word_order=config.word_order)

    def score(predictions: list[str], references: list[str]) -> dict[str, float]:
        return {"chrf": metric.corpus_score(predictions, [references]).score}

    return LocalMetric("chrf", _TEXTS, score, _statistics("chrf", metric))


def _statistics(name: str, metric: Any) -> RowSums:
    """A metric of sacrebleu from the sums of its statistics over texts, as its own bootstrap
    computes it."""

    def of_rows(predictions: Any, references: Any) -> np.ndarray:
        return np.array(metric._extract_corpus_statistics(predictions, [references]), float)

    def from_sums(sums: np.ndarray, rows: int) -> Mapping[str, np.ndarray]:
        flat = sums.reshape(-1, sums.shape[-1])
        scores = [metric._compute_score_from_stats(one.astype(int).tolist()).score for one in flat]
        return {name: np.array(scores).reshape(sums.shape[:-1])}

    return RowSums(of_rows, from_sums)


class _Means:
    """Means of F-measures over pairs of texts."""

    def __init__(self) -> None:
        self._sums = dict.fromkeys(_ROUGE_TYPES, 0.0)
        self._count = 0

    def add(self, scores: dict[str, scoring.Score]) -> None:
        for name, score in scores.items():
            self._sums[name] += score.fmeasure
        self._count += 1

    def percentages(self) -> dict[str, float]:
        return {name: 100 * total / max(1, self._count) for name, total in self._sums.items()}


def _by_sentence(text: str) -> str:
    return "\n".join(part for line in text.splitlines() for part in _SENTENCE_END.split(line))


def _is_part_of_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)


def _is_unspaced(character: str) -> bool:
    return _UNSPACED.match(character) is not None
