"""Classifiers: what scores say beside the class with the best one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn import metrics

from ftspec.engine.scores.areas import defined_classes, intervals_of_areas, mean_areas
from ftspec.engine.scores.curves import class_curves, reliability
from ftspec.engine.scores.summary import Columns, Summary
from ftspec.engine.scores.tables import (
    calibration,
    class_report,
    confused_pairs,
    confusion,
    rates_of_classes,
)

_TOP = (3, 5)
_SMALLEST = np.finfo(float).eps
_ROUNDING = 1e-3


def summarise_classes(columns: Columns, seed: int | None) -> Summary:
    """Tables, curves, log loss, Brier score, areas and top-k accuracy of rows with a class.

    Args:
        columns: with the reference, the prediction and the scores of classes.
        seed: of the draws for intervals; ``None`` for none.
    """
    summary = Summary(seed)
    references, predictions = columns["reference"], columns["prediction"]
    names = list(columns["scores"][0])
    scores = np.array([list(row.values()) for row in columns["scores"]], float)
    is_class = np.asarray(references, object)[:, None] == np.asarray(names, object)
    is_right = [right == given for right, given in zip(references, predictions, strict=True)]
    best = columns["score"] if "score" in columns else scores.max(axis=1)
    error, bins = calibration(best, is_right)
    summary.tables |= {
        "classes": class_report(references, predictions),
        "confusion": confusion(references, predictions),
        "confused": confused_pairs(references, predictions),
        "calibration": {"expected_error": error, "bins": bins},
    }
    summary.curves["reliability"] = reliability(bins)
    if np.abs(scores.sum(axis=1) - 1).max() < _ROUNDING:
        _add_probabilities(summary, is_class, scores)
        summary.values["calibration_error"] = error
    add_areas(summary, names, is_class, scores)
    ranks = top_ranks(is_class, scores)
    hits = {f"top_{k}_accuracy": ranks < k for k in _TOP if k < len(names)}
    if hits:
        summary.add_means(hits)
    return summary


def add_areas(
    summary: Summary, names: Sequence[str], is_class: np.ndarray, scores: np.ndarray
) -> None:
    """Add curves of classes, and the means of their areas."""
    defined = defined_classes(is_class)
    if not len(defined):
        summary.notes.append(
            "there is no ROC curve and no area: no class has both rows of its own and others"
        )
        return
    is_class, scores = is_class[:, defined], scores[:, defined]
    summary.values |= mean_areas(is_class, scores)
    if summary.seed is not None:
        summary.intervals |= intervals_of_areas(is_class, scores, summary.seed)
    summary.curves |= class_curves([names[one] for one in defined], is_class, scores)


def _add_probabilities(summary: Summary, is_class: np.ndarray, scores: np.ndarray) -> None:
    """Add the log loss and the Brier score. Rows of unknown classes have no log loss."""
    squares = ((scores - is_class) ** 2).sum(axis=1)
    # as scikit-learn: two classes count once
    terms = {"brier": squares / 2 if scores.shape[1] == 2 else squares}
    known = is_class.any(axis=1)
    losses = -np.log(np.clip(scores[known][is_class[known]], _SMALLEST, 1))
    if known.all():
        terms = {"log_loss": losses, **terms}
    elif known.any():
        summary.add_means({"log_loss": losses})
    summary.add_means(terms)


def top_ranks(is_class: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """How many classes are before the right one of each row; of equal scores the last is the first,
    as scikit-learn has it. A row without a right class is after all."""
    order = np.argsort(scores, axis=1, kind="stable")[:, ::-1]
    is_right = np.take_along_axis(is_class, order, axis=1)
    ranks: np.ndarray = np.where(is_right.any(axis=1), is_right.argmax(axis=1), scores.shape[1])
    return ranks


def summarise_class_sets(columns: Columns, seed: int | None) -> Summary:
    """The rates of each class, areas, log loss and calibration of rows with several classes."""
    summary = Summary(seed)
    names = list(columns["scores"][0])
    scores = np.array([list(row.values()) for row in columns["scores"]], float)
    is_class, is_given = (
        np.array([[name in row for name in names] for row in map(set, columns[column])], bool)
        for column in ("reference", "prediction")
    )
    rates = metrics.precision_recall_fscore_support(is_class, is_given, zero_division=0)
    summary.tables["classes"] = rates_of_classes(names, rates)
    error, bins = calibration(scores.ravel(), is_class.ravel())
    summary.tables["calibration"] = {"expected_error": error, "bins": bins}
    summary.curves["reliability"] = reliability(bins)
    given = np.clip(np.where(is_class, scores, 1 - scores), _SMALLEST, 1)
    squares = (scores - is_class) ** 2
    summary.add_means({"log_loss": -np.log(given).mean(axis=1), "brier": squares.mean(axis=1)})
    summary.values["calibration_error"] = error
    add_areas(summary, names, is_class, scores)
    return summary
