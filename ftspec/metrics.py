"""Metrics as ``evaluate`` modules with local code, without a download.

Plugins use it in the module of a metric's factory. Unlike :mod:`ftspec.api`, it needs the ``train``
extra.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import datasets
import evaluate

Score = Callable[..., Mapping[str, float]]


class LocalMetric(evaluate.Metric):  # type: ignore[misc]
    """A metric that calls ``score`` with the columns of ``features``. It has the interface of
    ``evaluate.load``."""

    def __init__(self, name: str, features: Mapping[str, Any], score: Score) -> None:
        self._name = name
        self._features = datasets.Features(features)
        self._score = score
        super().__init__(config_name=name, keep_in_memory=True)

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=f"{self._name}, computed locally",
            citation="",
            inputs_description=", ".join(self._features),
            features=self._features,
        )

    def _compute(self, **columns: Any) -> dict[str, float]:
        return {name: float(value) for name, value in self._score(**columns).items()}
