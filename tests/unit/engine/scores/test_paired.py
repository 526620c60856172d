"""Paired tests: by hand, and uniform where there is no difference."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ftspec.engine.scores.paired import compare_answers, compare_losses


def test_mcnemar_by_hand() -> None:
    """Nine rows where only the first is right, one where only the second is: 2 · 11 / 1024."""
    first = [True] * 9 + [False] + [True, False] * 20
    second = [False] * 9 + [True] + [True, False] * 20
    found = compare_answers(first, second)
    assert found.p == pytest.approx(22 / 1024)
    assert (found.only_first, found.only_second) == (9, 1)
    among = found.among(3)
    assert (among.p, among.p_alone) == (3 * found.p, found.p)
    assert among.among(99).p == 1


def test_equal_models_do_not_differ() -> None:
    assert compare_answers([True, False], [True, False]).p == 1
    assert compare_losses([0.1, 0.2], [0.1, 0.2], seed=1).p == 1


def test_all_exchanges_of_few_rows_are_made() -> None:
    """Each of six rows is better: 2 of the 2^6 exchanges are as extreme."""
    losses = np.arange(1.0, 7.0)
    found = compare_losses(losses, losses + 1, seed=1)
    assert found.p == pytest.approx(2 / 64)
    assert (found.only_first, found.only_second) == (6, 0)


def test_p_is_uniform_without_a_difference() -> None:
    random = np.random.default_rng(11)
    drawn = [compare_losses(*random.normal(size=(2, 12)), seed=number).p for number in range(200)]
    assert stats.kstest(drawn, "uniform").pvalue > 0.01


def test_large_difference_of_many_rows_is_found() -> None:
    random = np.random.default_rng(12)
    losses = random.exponential(size=500)
    found = compare_losses(losses, losses + 0.1 * random.random(500), seed=3)
    assert found.p < 0.001
