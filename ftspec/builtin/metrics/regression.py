"""Regression metrics of scikit-learn and SciPy. Inputs have shape (N,)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import datasets
import numpy as np
from scipy import stats
from sklearn import metrics

from ftspec.api import Context, LocalMetric, RowSums
from ftspec.builtin.metrics.config import NoOptions


def _values(
    name: str, function: Callable[[Any, Any], float], row_sums: RowSums | None = None
) -> LocalMetric:
    def score(predictions: Any, references: Any) -> dict[str, float]:
        return {name: function(references, predictions)}

    features = {"predictions": datasets.Value("float64"), "references": datasets.Value("float64")}
    return LocalMetric(name, features, score, row_sums)


def _mean(name: str, term: Callable[[np.ndarray], np.ndarray]) -> RowSums:
    """The mean over rows of a term of the error."""

    def of_rows(predictions: Any, references: Any) -> np.ndarray:
        return term(np.asarray(predictions, float) - np.asarray(references, float))[:, None]

    return RowSums(of_rows, lambda sums, rows: {name: sums[..., 0] / rows})


def _moments(predictions: Any, references: Any) -> np.ndarray:
    """The reference, the prediction and their products, around the means, where rounding is
    smallest."""
    right, given = np.asarray(references, float), np.asarray(predictions, float)
    error = right - given
    right, given = right - right.mean(), given - given.mean()
    return np.stack([right, given, right**2, given**2, right * given, error**2], axis=1)


def _r2(sums: np.ndarray, rows: int) -> Mapping[str, np.ndarray]:
    spread = sums[..., 2] - sums[..., 0] ** 2 / rows
    with np.errstate(divide="ignore", invalid="ignore"):
        return {"r2": 1 - sums[..., 5] / spread}


def _pearson(sums: np.ndarray, rows: int) -> Mapping[str, np.ndarray]:
    right, given, right2, given2, product, _ = np.moveaxis(sums, -1, 0)
    spread = (right2 - right**2 / rows) * (given2 - given**2 / rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {"pearson": (product - right * given / rows) / np.sqrt(spread)}


def mse(config: NoOptions, context: Context) -> LocalMetric:
    """Mean squared error."""
    return _values("mse", metrics.mean_squared_error, _mean("mse", lambda error: error**2))


def mae(config: NoOptions, context: Context) -> LocalMetric:
    """Mean absolute error."""
    return _values("mae", metrics.mean_absolute_error, _mean("mae", np.abs))


def r2(config: NoOptions, context: Context) -> LocalMetric:
    """Coefficient of determination."""
    return _values("r2", metrics.r2_score, RowSums(_moments, _r2))


def pearson(config: NoOptions, context: Context) -> LocalMetric:
    """Pearson correlation; NaN if either side is constant."""
    return _values(
        "pearson",
        lambda references, given: stats.pearsonr(references, given).statistic,
        RowSums(_moments, _pearson),
    )


def spearman(config: NoOptions, context: Context) -> LocalMetric:
    """Spearman rank correlation; NaN if either side is constant."""
    return _values(
        "spearman", lambda references, given: stats.spearmanr(references, given).statistic
    )
