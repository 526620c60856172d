"""Regression metrics of scikit-learn and SciPy. Inputs have shape (N,)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import datasets
from scipy import stats
from sklearn import metrics

from ftspec.api import Context, LocalMetric
from ftspec.builtin.metrics.config import NoOptions


def _values(name: str, function: Callable[[Any, Any], float]) -> LocalMetric:
    def score(predictions: Any, references: Any) -> dict[str, float]:
        return {name: function(references, predictions)}

    features = {"predictions": datasets.Value("float64"), "references": datasets.Value("float64")}
    return LocalMetric(name, features, score)


def mse(config: NoOptions, context: Context) -> LocalMetric:
    """Mean squared error."""
    return _values("mse", metrics.mean_squared_error)


def mae(config: NoOptions, context: Context) -> LocalMetric:
    """Mean absolute error."""
    return _values("mae", metrics.mean_absolute_error)


def r2(config: NoOptions, context: Context) -> LocalMetric:
    """Coefficient of determination."""
    return _values("r2", metrics.r2_score)


def pearson(config: NoOptions, context: Context) -> LocalMetric:
    """Pearson correlation; NaN if either side is constant."""
    return _values("pearson", lambda references, given: stats.pearsonr(references, given).statistic)


def spearman(config: NoOptions, context: Context) -> LocalMetric:
    """Spearman rank correlation; NaN if either side is constant."""
    return _values(
        "spearman", lambda references, given: stats.spearmanr(references, given).statistic
    )
