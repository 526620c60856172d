"""Tables and curves as values of metrics. Imports without ``evaluate``, which takes seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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


def _plain(value: Any) -> Any:
    """A value of NumPy as one of Python, and what JSON does not have as nothing."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
