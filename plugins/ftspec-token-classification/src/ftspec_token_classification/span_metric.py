"""Compares whole spans, with seqeval."""

from __future__ import annotations

from typing import Any

import datasets
from seqeval import metrics, scheme

from ftspec.api import Context, LocalMetric
from ftspec_token_classification.config import SeqevalConfig


def seqeval(config: SeqevalConfig, context: Context) -> LocalMetric:
    """Takes N lists of predicted tags and N lists of right tags. Returns fractions."""
    options: dict[str, Any] = {"average": config.average, "zero_division": 0}
    if config.scheme is not None:
        options |= {"mode": "strict", "scheme": getattr(scheme, config.scheme)}

    def score(predictions: list[list[str]], references: list[list[str]]) -> dict[str, float]:
        return {
            "precision": metrics.precision_score(references, predictions, **options),
            "recall": metrics.recall_score(references, predictions, **options),
            "f1": metrics.f1_score(references, predictions, **options),
            "accuracy": metrics.accuracy_score(references, predictions),
        }

    tags = datasets.List(datasets.Value("string"))
    return LocalMetric("seqeval", {"predictions": tags, "references": tags}, score)
