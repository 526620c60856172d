"""Fits what makes scores true: a temperature (Guo et al. 2017, https://arxiv.org/abs/1706.04599)
and thresholds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_expit, log_softmax
from sklearn import metrics

COOLEST, HOTTEST = 0.05, 20.0
"""The temperatures that are tried."""

THRESHOLD_METRICS: dict[str, Callable[..., float]] = {
    "f1": lambda right, given: metrics.f1_score(right, given, zero_division=0),
    "accuracy": metrics.accuracy_score,
    "matthews_correlation": metrics.matthews_corrcoef,
}
_MOST_CANDIDATES = 200


def fit_temperature(logits: np.ndarray, is_class: np.ndarray, *, one_of: bool) -> float:
    """The temperature with the smallest log loss; 1 if no other is better.

    Args:
        logits: shape (rows, classes).
        is_class: whether a row is of a class, of the same shape.
        one_of: whether each row is of one class; otherwise classes are independent.
    """

    def loss(logarithm: float) -> float:
        given = logits / np.exp(logarithm)
        if one_of:
            return float(-log_softmax(given, axis=1)[is_class].mean())
        return float(-np.where(is_class, log_expit(given), log_expit(-given)).mean())

    bounds = (np.log(COOLEST), np.log(HOTTEST))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x)) if found.fun < loss(0.0) else 1.0


def fit_threshold(
    is_class: np.ndarray, scores: np.ndarray, metric: str, default: float
) -> float | None:
    """The threshold of a class with the best value of a metric; ``None`` if none is better than the
    default. Of equal ones, the nearest to it.

    Args:
        is_class: whether a row is of the class, shape (rows,).
        scores: of the same rows.
        metric: one of :data:`THRESHOLD_METRICS`.
        default: the threshold without calibration.
    """
    score = THRESHOLD_METRICS[metric]
    known = np.unique(scores)
    between = (known[1:] + known[:-1]) / 2
    if len(between) > _MOST_CANDIDATES:
        between = np.quantile(between, np.linspace(0, 1, _MOST_CANDIDATES), method="nearest")
    values = {float(one): score(is_class, scores >= one) for one in between}
    best = max(values, key=lambda one: (values[one], -abs(one - default)), default=default)
    return best if values.get(best, 0.0) > score(is_class, scores >= default) else None
