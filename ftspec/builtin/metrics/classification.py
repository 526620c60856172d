"""Classification metrics of scikit-learn. Inputs are class ids, or 0/1 rows over the classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import datasets
import numpy as np
from sklearn import metrics

from ftspec.api import Context, LocalMetric
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


def _decisions(name: str, function: Callable[..., float], **options: Any) -> LocalMetric:
    def score(predictions: Any, references: Any) -> dict[str, float]:
        return {name: function(references, predictions, **options)}

    features = {"predictions": datasets.Value("int64"), "references": datasets.Value("int64")}
    return _Decisions(name, features, score)


def accuracy(config: NoOptions, context: Context) -> LocalMetric:
    """Share of correct predictions. A row over the classes is correct if every class is."""
    return _decisions("accuracy", metrics.accuracy_score)


def f1(config: AveragedConfig, context: Context) -> LocalMetric:
    """Harmonic mean of precision and recall."""
    return _decisions("f1", metrics.f1_score, average=config.average, zero_division=0)


def precision(config: AveragedConfig, context: Context) -> LocalMetric:
    """Share of predicted labels that are correct."""
    return _decisions("precision", metrics.precision_score, average=config.average, zero_division=0)


def recall(config: AveragedConfig, context: Context) -> LocalMetric:
    """Share of correct labels that are predicted."""
    return _decisions("recall", metrics.recall_score, average=config.average, zero_division=0)


def matthews_correlation(config: NoOptions, context: Context) -> LocalMetric:
    """Matthews correlation coefficient."""
    return _decisions("matthews_correlation", metrics.matthews_corrcoef)
