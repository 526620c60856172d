"""Areas below ROC and precision-recall curves, their means over classes, and their intervals.

scikit-learn takes a millisecond for the area of one class, and an interval needs it for each class
and each draw. The areas of draws are computed together; the tests compare them with scikit-learn.
"""

from __future__ import annotations

import numpy as np
from sklearn import metrics

from ftspec.engine.scores.intervals import FEWER_RESAMPLES, Interval, draw_counts, percentiles

ROC, PRECISION_RECALL = "roc_auc", "average_precision"
_MOST_SCORES = 2_000_000
"""Of more scores intervals would take longer than the model."""


def defined_classes(is_class: np.ndarray) -> np.ndarray:
    """The classes with rows of their own and rows of others: only these have an area."""
    count = is_class.sum(axis=0)
    found: np.ndarray = np.flatnonzero((count > 0) & (count < len(is_class)))
    return found


def mean_areas(is_class: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """The mean areas over classes, one against the rest.

    Args:
        is_class: whether a row is of a class, shape (rows, classes), of classes with an area.
        scores: of the same shape.
    """
    pairs = list(zip(is_class.T, scores.T, strict=True))
    return {
        ROC: float(np.mean([metrics.roc_auc_score(*pair) for pair in pairs])),
        PRECISION_RECALL: float(
            np.mean([metrics.average_precision_score(*pair) for pair in pairs])
        ),
    }


def intervals_of_areas(is_class: np.ndarray, scores: np.ndarray, seed: int) -> dict[str, Interval]:
    """The intervals of :func:`mean_areas`, from fewer draws; none for very many scores. A class
    without an area in a draw is left out of its mean."""
    if scores.size > _MOST_SCORES:
        return {}
    drawn: list[np.ndarray] = []
    for counts in draw_counts(len(scores), FEWER_RESAMPLES, seed):
        areas = [
            areas_of_draws(right, given, counts)
            for right, given in zip(is_class.T, scores.T, strict=True)
        ]
        drawn.append(np.ma.masked_invalid(areas).mean(axis=0).filled(np.nan))
    roc, precision_recall = np.concatenate(drawn, axis=-1)
    return percentiles({ROC: roc, PRECISION_RECALL: precision_recall})


def areas_of_draws(is_class: np.ndarray, scores: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Both areas of a class for each draw, shape (2, draws); NaN where there is none.

    Args:
        is_class: whether a row is of the class, shape (rows,).
        scores: of the same rows.
        counts: how often each row is drawn, shape (draws, rows).
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=np.inf))  # equal scores are one step
    counts, right = counts[:, order], is_class[order].astype(bool)
    found = np.cumsum(counts * right, axis=1)[:, ends]
    false = np.cumsum(counts * ~right, axis=1)[:, ends]
    with np.errstate(divide="ignore", invalid="ignore"):
        heights = found + np.pad(found[:, :-1], ((0, 0), (1, 0)))
        roc = (np.diff(false, axis=1, prepend=0) * heights).sum(axis=1) / 2
        roc /= found[:, -1] * false[:, -1]
        precision = np.nan_to_num(found / (found + false))
        mean = (np.diff(found, axis=1, prepend=0) * precision).sum(axis=1) / found[:, -1]
    return np.stack([roc, np.where(np.isfinite(roc), mean, np.nan)])
