"""Tables of what a classifier gets right and wrong, from scikit-learn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn import metrics

Table = list[dict[str, Any]]
"""Rows of equal keys."""

MOST_CLASSES = 200
_MOST_PAIRS = 20
_BINS = 10


def class_report(references: Sequence[str], predictions: Sequence[str]) -> Table:
    """Precision, recall, F1 and the number of rows of each class, in the order of its rows."""
    classes = sorted({*references, *predictions})
    by_class = metrics.precision_recall_fscore_support(
        references, predictions, labels=classes, zero_division=0
    )
    return rates_of_classes(classes, by_class)


def rates_of_classes(classes: Sequence[str], by_class: Sequence[Any]) -> Table:
    """What ``precision_recall_fscore_support`` gives for each class, in the order of its rows."""
    table = [
        {
            "class": name,
            "precision": float(precision),
            "recall": float(recall),
            "f1": float(f1),
            "rows": int(rows),
        }
        for name, precision, recall, f1, rows in zip(classes, *by_class, strict=True)
    ]
    return sorted(table, key=lambda one: -int(one["rows"]))[:MOST_CLASSES]


def confusion(references: Sequence[str], predictions: Sequence[str]) -> dict[str, Any] | None:
    """The classes, and how many rows of each are predicted as each; ``None`` for too many."""
    classes = sorted({*references, *predictions})
    if len(classes) > MOST_CLASSES:
        return None
    counts = metrics.confusion_matrix(references, predictions, labels=classes)
    return {"classes": classes, "counts": counts.tolist()}


def confused_pairs(references: Sequence[str], predictions: Sequence[str]) -> Table:
    """Which classes are taken for which, the most frequent first, each with the number of the
    first such row."""
    wrong = [
        (right, given)
        for right, given in zip(references, predictions, strict=True)
        if right != given
    ]
    first: dict[tuple[str, str], int] = {}
    for row, pair in enumerate(zip(references, predictions, strict=True), start=1):
        first.setdefault(pair, row)
    return [
        {"reference": right, "prediction": given, "rows": count, "example": first[right, given]}
        for (right, given), count in Counter(wrong).most_common(_MOST_PAIRS)
    ]


def calibration(
    scores: Sequence[float] | np.ndarray, is_right: Sequence[bool] | np.ndarray
) -> tuple[float, Table]:
    """The expected calibration error over ten equal bins, and the bins: Guo et al. 2017,
    https://arxiv.org/abs/1706.04599."""
    given, right = np.asarray(scores, float), np.asarray(is_right, float)
    bins = np.minimum((given * _BINS).astype(int), _BINS - 1)
    table: Table = []
    error = 0.0
    for one in range(_BINS):
        inside = bins == one
        if inside.any():
            mean, share = float(given[inside].mean()), float(right[inside].mean())
            error += abs(mean - share) * float(inside.mean())
            table.append(
                {
                    "from": one / _BINS,
                    "to": (one + 1) / _BINS,
                    "rows": int(inside.sum()),
                    "score": mean,
                    "right": share,
                }
            )
    return error, table
