"""Numbers as people write them."""

from __future__ import annotations

import math
from typing import Any, TypeGuard


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a value is a finite number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def shown_metric(value: Any) -> str:
    """A metric: four digits after the point, less of them where it is large."""
    if not is_number(value):
        return "no number"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.1f}" if size < 1e9 else f"{value:.4g}"
    return f"{value:.4f}" if size == 0 or size >= 0.001 else f"{value:.3g}"


def shown_count(value: Any) -> str:
    """A whole number with separators."""
    return f"{value:,.0f}" if is_number(value) else ""


def shown_cell(value: Any) -> str:
    """Any value in a cell of a table."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() and value >= 1 else shown_metric(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(map(shown_cell, value))
    return str(value)
