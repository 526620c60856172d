"""Metrics that say what another one says: tables show one of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

_REPEATS = {"log_loss": "loss"}
"""The loss of a classifier is its log loss, unless it is trained with another loss. Files and
``--fail-below`` have both names."""
_TOLERANCE = 1e-4


def is_repeated(name: str, metrics: Mapping[str, Any]) -> bool:
    """Whether a metric has the value of the one that it may repeat.

    Args:
        name: of the metric.
        metrics: by name, as numbers or as ``metrics.json`` has them.
    """
    if name not in _REPEATS:
        return False
    values = [_value(metrics.get(one)) for one in (name, _REPEATS[name])]
    return all(map(math.isfinite, values)) and math.isclose(*values, rel_tol=_TOLERANCE)


def _value(metric: Any) -> float:
    value = metric.get("value") if isinstance(metric, Mapping) else metric
    return float(value) if isinstance(value, (int, float)) else math.nan
