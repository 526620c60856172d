"""Means over seeds: by hand, and uniform where there is no difference."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ftspec.engine.scores.seeds import compare_means, spread_of


def test_spread_by_hand() -> None:
    assert spread_of([0.8, 0.9, 1.0]) == (pytest.approx(0.9), pytest.approx(0.1), 3)
    assert spread_of([0.8]) == (0.8, None, 1)


def test_welch_by_hand() -> None:
    """Means 2 and 4 of variance 1: t = -2 / sqrt(1/3 + 1/3), with 4 degrees of freedom."""
    t = 2 / np.sqrt(2 / 3)
    assert compare_means([1, 2, 3], [3, 4, 5]) == pytest.approx(2 * stats.t.sf(t, 4))


@pytest.mark.parametrize(
    ("first", "second"), [([0.8], [0.9, 0.91]), ([0.8, 0.81], [0.9]), ([0.8, 0.8], [0.9, 0.9])]
)
def test_too_little_is_known(first: list[float], second: list[float]) -> None:
    assert compare_means(first, second) is None


def test_what_is_no_number_says_nothing() -> None:
    assert compare_means([0.8, float("nan")], [0.9, 0.91]) is None


def test_p_is_uniform_without_a_difference() -> None:
    """With unequal numbers of seeds; 2,000 draws are within 3 standard errors of 5 %."""
    draw = np.random.default_rng(7).normal
    found = [compare_means(draw(size=3), draw(size=5)) for _ in range(2000)]
    below = np.mean([p is not None and p < 0.05 for p in found])
    assert 0.035 < below < 0.065
