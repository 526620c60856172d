"""Metrics as ``evaluate`` modules with local code, without a download.

Plugins use it in the module of a metric's factory. Unlike :mod:`ftspec.api`, it needs the ``train``
extra.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import datasets
import evaluate
import numpy as np

_MOST_POINTS = 200
_MOST_SERIES = 20


@dataclass(frozen=True)
class Table:
    """A table among the values of a metric, which ``ftspec evaluate`` keeps.

    Attributes:
        rows: of equal keys, with texts and numbers.
    """

    rows: Sequence[Mapping[str, Any]]

    def to_json(self) -> list[dict[str, Any]]:
        """As JSON values; a number that is none is ``null``."""
        return [{str(name): _plain(value) for name, value in row.items()} for row in self.rows]


@dataclass(frozen=True)
class Series:
    """A line of a curve, or points.

    Attributes:
        name: such as that of a class.
        points: x and y of each. Of more than 200, as many at equal distances are kept.
        area: below the line, of all points.
    """

    name: str
    points: Sequence[tuple[float, float]]
    area: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As JSON values. Points that are no numbers are left out."""
        known = [(float(x), float(y)) for x, y in self.points]
        known = [point for point in known if all(map(math.isfinite, point))]
        count = min(len(known), _MOST_POINTS)
        kept = np.linspace(0, len(known) - 1, count).round().astype(int) if count else ()
        return {
            "name": self.name,
            "points": [list(known[at]) for at in kept],
            "area": _plain(self.area),
        }


@dataclass(frozen=True)
class Curve:
    """A curve among the values of a metric, which ``ftspec evaluate`` keeps.

    Attributes:
        x: what the horizontal axis says.
        y: what the vertical axis says.
        series: at most 20 are kept, the first.
    """

    x: str
    y: str
    series: Sequence[Series]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        kept = [one.to_json() for one in self.series[:_MOST_SERIES]]
        return {"x": self.x, "y": self.y, "series": kept}


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


def _plain(value: Any) -> Any:
    """A value of NumPy as one of Python, and what JSON does not have as nothing."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
