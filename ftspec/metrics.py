"""Metrics as ``evaluate`` modules with local code, without a download.

Plugins use it in the module of a metric's factory. Unlike :mod:`ftspec.api`, it needs the ``train``
extra.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import datasets
import evaluate
import numpy as np

from ftspec.curves import Curve, Table

Score = Callable[..., Mapping[str, "float | Table | Curve"]]


@dataclass(frozen=True)
class RowSums:
    """A metric as a function of sums over rows. With it the interval of a value costs one matrix
    product instead of a thousand evaluations.

    Attributes:
        of_rows: from the predictions and references of N rows to the terms of each, shape (N, D).
        score: from sums of these terms over ``rows`` rows, shape (…, D), to each value, shape (…).
    """

    of_rows: Callable[[Any, Any], np.ndarray]
    score: Callable[[np.ndarray, int], Mapping[str, np.ndarray]]


class LocalMetric(evaluate.Metric):  # type: ignore[misc]
    """A metric that calls ``score`` with the columns of ``features``. It has the interface of
    ``evaluate.load``. Its values are numbers, and a :class:`Table` or a :class:`Curve` too.

    Attributes:
        row_sums: the same values from sums over rows, if the metric has such a form.
    """

    def __init__(
        self,
        name: str,
        features: Mapping[str, Any],
        score: Score,
        row_sums: RowSums | None = None,
    ) -> None:
        self._name = name
        self._features = datasets.Features(features)
        self._score = score
        self.row_sums = row_sums
        super().__init__(config_name=name, keep_in_memory=True)

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=f"{self._name}, computed locally",
            citation="",
            inputs_description=", ".join(self._features),
            features=self._features,
        )

    def _compute(self, **columns: Any) -> dict[str, Any]:
        return {
            name: value if isinstance(value, (Table, Curve)) else float(value)
            for name, value in self._score(**columns).items()
        }
