"""How uncertain a value is: the bootstrap over rows.

The percentile interval of Efron and Tibshirani, *An Introduction to the Bootstrap* (1993), chapter
13: rows are drawn with replacement, and the value is computed of each draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ftspec.metrics import RowSums

LEVEL = 0.95
RESAMPLES = 1_000
MOST_ROWS = 100_000
"""Of more rows the interval is not computed: it is narrow."""

FEWER_RESAMPLES = 100
_DRAWN_AT_ONCE = 4_000_000
_WIDEST = 200
"""Terms of a row, over several metrics, that are summed together: they are in memory at once."""

Compute = Callable[..., Mapping[str, Any]]


class Interval(NamedTuple):
    """The interval of a value.

    Attributes:
        low: its lower end.
        high: its upper end.
        resamples: how many draws it comes from.
    """

    low: float
    high: float
    resamples: int


def intervals_of(
    metrics: Sequence[Any], predictions: Any, references: Any, seed: int
) -> dict[str, Interval]:
    """The intervals of the values of metrics. A metric that is no function of sums over rows takes
    fewer draws.

    Args:
        metrics: modules of ``evaluate``.
        predictions: of N rows.
        references: of the same rows.
        seed: of the draws.
    """
    found: dict[str, Interval] = {}
    known: list[tuple[RowSums, np.ndarray]] = []
    for metric in metrics:
        sums: RowSums | None = getattr(metric, "row_sums", None)
        if sums is None:
            found |= _by_recomputing(metric.compute, predictions, references, seed)
            continue
        known.append((sums, sums.of_rows(predictions, references)))
        if sum(terms.shape[1] for _, terms in known) >= _WIDEST:
            found |= _of_same_draws(known, seed)
            known = []
    return found | _of_same_draws(known, seed)


def intervals_of_sums(sums: RowSums, terms: np.ndarray, seed: int) -> dict[str, Interval]:
    """The intervals of a metric with these terms of each row, shape (N, D)."""
    return _of_same_draws([(sums, terms)], seed)


def _of_same_draws(known: Sequence[tuple[RowSums, np.ndarray]], seed: int) -> dict[str, Interval]:
    """The intervals of several metrics. The draws cost more than the sums of most metrics."""
    if not known:
        return {}
    terms = np.concatenate([terms for _, terms in known], axis=1)
    rows = len(terms)
    drawn = np.concatenate([counts @ terms for counts in draw_counts(rows, RESAMPLES, seed)])
    widths = [terms.shape[1] for _, terms in known]
    found: dict[str, Interval] = {}
    parts = np.split(drawn, np.cumsum(widths)[:-1], axis=1)
    for (sums, _), part in zip(known, parts, strict=True):
        found |= percentiles(sums.score(part, rows))
    return found


def draw_counts(rows: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """How often each row is drawn, shape (some of the draws, rows)."""
    random = np.random.default_rng(seed)
    at_once = max(1, _DRAWN_AT_ONCE // max(rows, 1))
    for start in range(0, resamples, at_once):
        draws = min(at_once, resamples - start)
        chosen = random.integers(0, rows, (draws, rows))
        chosen += np.arange(draws)[:, None] * rows
        counts = np.bincount(chosen.ravel(), minlength=draws * rows)
        yield counts.reshape(draws, rows).astype(float)


def _by_recomputing(
    compute: Compute, predictions: Any, references: Any, seed: int
) -> dict[str, Interval]:
    random = np.random.default_rng(seed)
    values: dict[str, list[float]] = {}
    for _ in range(FEWER_RESAMPLES):
        chosen = random.integers(0, len(references), len(references))
        given = compute(
            predictions=[predictions[row] for row in chosen],
            references=[references[row] for row in chosen],
        )
        for name, value in given.items():
            if isinstance(value, (int, float)) or getattr(value, "ndim", None) == 0:
                values.setdefault(name, []).append(float(value))
    return percentiles({name: np.array(one) for name, one in values.items()})


def percentiles(values: Mapping[str, np.ndarray]) -> dict[str, Interval]:
    """The interval of each value. Draws without a value, such as the correlation of equal numbers,
    are left out; without any draw there is no interval."""
    found = {}
    for name, drawn in values.items():
        known = drawn[np.isfinite(drawn)]
        if len(known):
            low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
            found[name] = Interval(float(low), float(high), len(known))
    return found
