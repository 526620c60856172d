"""Classification metrics of scikit-learn. Inputs are class ids, or 0/1 rows over the classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import datasets
import numpy as np
from sklearn import metrics

from ftspec.api import Context, LocalMetric, RowSums
from ftspec.builtin.metrics.class_sums import Rate, accuracy_sums, matthews_sums, rate_sums
from ftspec.builtin.metrics.config import AveragedConfig, NoOptions


class _Decisions(LocalMetric):
    """A metric that accepts class ids or 0/1 rows over the classes."""

    def compute(self, *, predictions: Any, references: Any) -> dict[str, float]:
        """Score ``predictions`` against ``references``, both of shape (N,) or (N, classes)."""
        if np.ndim(references) == 1:
            result: dict[str, float] = super().compute(
                predictions=predictions, references=references
            )
            return result
        return self._compute(predictions=np.asarray(predictions), references=np.asarray(references))


def _decisions(
    name: str, function: Callable[..., float], row_sums: RowSums, **options: Any
) -> LocalMetric:
    def score(predictions: Any, references: Any) -> dict[str, float]:
        return {name: function(references, predictions, **options)}

    features = {"predictions": datasets.Value("int64"), "references": datasets.Value("int64")}
    return _Decisions(name, features, score, row_sums)


def _rate(name: Rate, function: Callable[..., float], config: AveragedConfig) -> LocalMetric:
    sums = rate_sums(name, config.average)
    return _decisions(name, function, sums, average=config.average, zero_division=0)


def accuracy(config: NoOptions, context: Context) -> LocalMetric:
    """Share of correct predictions. A row over the classes is correct if every class is."""
    return _decisions("accuracy", metrics.accuracy_score, accuracy_sums())


def f1(config: AveragedConfig, context: Context) -> LocalMetric:
    """Harmonic mean of precision and recall."""
    return _rate("f1", metrics.f1_score, config)


def precision(config: AveragedConfig, context: Context) -> LocalMetric:
    """Share of predicted labels that are correct."""
    return _rate("precision", metrics.precision_score, config)


def recall(config: AveragedConfig, context: Context) -> LocalMetric:
    """Share of correct labels that are predicted."""
    return _rate("recall", metrics.recall_score, config)


def matthews_correlation(config: NoOptions, context: Context) -> LocalMetric:
    """Matthews correlation coefficient."""
    return _decisions("matthews_correlation", metrics.matthews_corrcoef, matthews_sums())
