"""The metric of SQuAD, from torchmetrics."""

from __future__ import annotations

from typing import Any

import datasets
from torchmetrics.functional.text import squad as squad_of_batch

from ftspec.api import Context, LocalMetric
from ftspec_question_answering.config import SquadConfig


def squad(config: SquadConfig, context: Context) -> LocalMetric:
    """Takes N answers and N lists of right answers; the best match counts. The empty text stands
    for no answer. Ignores case, punctuation and articles."""

    def score(predictions: list[str], references: list[list[str]]) -> dict[str, float]:
        given: list[dict[str, Any]] = [
            {"prediction_text": text, "id": str(at)} for at, text in enumerate(predictions)
        ]
        right: list[dict[str, Any]] = [
            {"answers": {"text": texts, "answer_start": [0] * len(texts)}, "id": str(at)}
            for at, texts in enumerate(references)
        ]
        found = squad_of_batch(given, right)
        return {name: float(value) for name, value in found.items()}

    text = datasets.Value("string")
    return LocalMetric("squad", {"predictions": text, "references": datasets.List(text)}, score)
