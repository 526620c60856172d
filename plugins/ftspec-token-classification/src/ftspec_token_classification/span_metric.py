"""Compares whole spans, with seqeval.

The rates of each type come from seqeval too, and not from nervaluate, whose "strict" rates count
the same spans: one library gives all numbers of a page. Its others forgive a wrong type or a wrong
end, and are measures of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import datasets
from seqeval import metrics, scheme

from ftspec.api import Context, LocalMetric, Table
from ftspec_token_classification.config import SeqevalConfig

_AVERAGES = ("micro avg", "macro avg", "weighted avg")


def seqeval(config: SeqevalConfig, context: Context) -> LocalMetric:
    """Takes N lists of predicted tags and N lists of right tags. Returns fractions, and a table of
    them for each type of span."""
    options: dict[str, Any] = {"average": config.average, "zero_division": 0}
    if config.scheme is not None:
        options |= {"mode": "strict", "scheme": getattr(scheme, config.scheme)}

    def score(predictions: list[list[str]], references: list[list[str]]) -> dict[str, Any]:
        return {
            "precision": metrics.precision_score(references, predictions, **options),
            "recall": metrics.recall_score(references, predictions, **options),
            "f1": metrics.f1_score(references, predictions, **options),
            "accuracy": metrics.accuracy_score(references, predictions),
            "entities": _by_entity(predictions, references, options),
        }

    tags = datasets.List(datasets.Value("string"))
    return LocalMetric("seqeval", {"predictions": tags, "references": tags}, score)


def _by_entity(
    predictions: list[list[str]], references: list[list[str]], options: Mapping[str, Any]
) -> Table:
    """The rates of each type of span, and how many there are, the most frequent first."""
    keys = {name: value for name, value in options.items() if name != "average"}
    if not any(tag != "O" for row in (*predictions, *references) for tag in row):
        return Table([])
    report = metrics.classification_report(references, predictions, output_dict=True, **keys)
    rows = [
        {
            "entity": name,
            "precision": float(rates["precision"]),
            "recall": float(rates["recall"]),
            "f1": float(rates["f1-score"]),
            "spans": int(rates["support"]),
        }
        for name, rates in report.items()
        if name not in _AVERAGES
    ]
    return Table(sorted(rows, key=lambda row: -row["spans"]))
