"""Curves of a classifier, from scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn import metrics

from ftspec.curves import Curve, Series

_MOST_CLASSES = 20


def class_curves(
    names: Sequence[str], is_class: np.ndarray, scores: np.ndarray
) -> dict[str, Curve]:
    """The ROC and the precision-recall curve of each class against the rest, with areas; of many
    classes those with most rows.

    Args:
        names: of the classes.
        is_class: whether a row is of a class, shape (rows, classes), of classes with an area.
        scores: of the same shape.
    """
    most = np.argsort(-is_class.sum(axis=0), kind="stable")[:_MOST_CLASSES]
    roc, precision_recall = [], []
    for one in most:
        right, given = is_class[:, one], scores[:, one]
        false, found, _ = metrics.roc_curve(right, given)
        area = float(metrics.roc_auc_score(right, given))
        roc.append(Series(names[one], list(zip(false, found, strict=True)), area))
        precision, recall, _ = metrics.precision_recall_curve(right, given, drop_intermediate=True)
        area = float(metrics.average_precision_score(right, given))
        points = list(zip(recall[::-1], precision[::-1], strict=True))
        precision_recall.append(Series(names[one], points, area))
    return {
        "roc": Curve("false positive rate", "true positive rate", roc),
        "precision_recall": Curve("recall", "precision", precision_recall),
    }


def reliability(bins: Sequence[Mapping[str, Any]]) -> Curve:
    """How often answers of a score are right, by the bins of the calibration error."""
    points = [(float(one["score"]), float(one["right"])) for one in bins]
    return Curve("score", "share that is right", [Series("predictions", points)])
