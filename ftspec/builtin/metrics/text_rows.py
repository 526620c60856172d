"""What is measured of each generated text, from rouge-score and sacrebleu."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rouge_score import rouge_scorer
from sacrebleu import sentence_chrf

from ftspec.builtin.metrics.text import UnicodeWords


def text_row_values(
    predictions: Sequence[str], references: Sequence[str]
) -> Mapping[str, Sequence[Any]]:
    """Columns with a value for each text: whether it is the reference, ROUGE-L (the F-measure over
    words of any script) and chrF in percent, and both lengths in characters."""
    scorer = rouge_scorer.RougeScorer(["rougeL"], tokenizer=UnicodeWords())
    pairs = list(zip(predictions, references, strict=True))
    return {
        "exact_match": [given == right for given, right in pairs],
        "rougeL": [100 * scorer.score(right, given)["rougeL"].fmeasure for given, right in pairs],
        "chrf": [sentence_chrf(given, [right]).score for given, right in pairs],
        "prediction_length": [len(given) for given in predictions],
        "reference_length": [len(right) for right in references],
    }
