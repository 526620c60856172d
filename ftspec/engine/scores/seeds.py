"""Whether two specs differ by more than their seeds do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats


class Spread(NamedTuple):
    """The values of a metric over the seeds of one spec.

    Attributes:
        mean: of the values.
        deviation: the standard deviation of a sample, with N - 1; ``None`` for a single value.
        seeds: how many values there are.
    """

    mean: float
    deviation: float | None
    seeds: int


def spread_of(values: Sequence[float]) -> Spread:
    """The mean and the standard deviation of one or more values."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Spread(float(np.mean(values)), deviation, len(values))


def compare_means(first: Sequence[float], second: Sequence[float]) -> float | None:
    """The probability of means as different as these, if two specs are equally good: Welch's
    t-test, https://arxiv.org/abs/1806.08295, section 4. ``None`` where a spec has one seed, or
    where no seed changes anything: then nothing is known of chance."""
    if min(len(first), len(second)) < 2 or np.ptp(first) == np.ptp(second) == 0:
        return None
    p = float(stats.ttest_ind(first, second, equal_var=False).pvalue)
    return p if math.isfinite(p) else None
