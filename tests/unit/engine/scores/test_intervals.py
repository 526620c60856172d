"""Intervals contain the true value as often as they say, and are the same each time."""

from __future__ import annotations

import numpy as np
import pytest

from ftspec.api import Context
from ftspec.builtin.metrics.classification import accuracy, f1
from ftspec.builtin.metrics.config import AveragedConfig, NoOptions
from ftspec.builtin.metrics.regression import pearson, spearman
from ftspec.engine.scores.intervals import (
    LEVEL,
    RESAMPLES,
    draw_counts,
    intervals_of,
    intervals_of_sums,
)

CONTEXT = Context(section=("metrics", 0), seed=1, note=lambda note: None)


def test_known_value_is_inside_as_often_as_is_said() -> None:
    """The true accuracy of 1,000 sets of 300 rows, each row right with the same chance."""
    metric = accuracy(NoOptions(), CONTEXT)
    random = np.random.default_rng(3)
    chance = 0.7
    inside = 0
    assert metric.row_sums is not None
    for draw in range(1000):
        is_right = (random.random(300) < chance).astype(float)
        interval = intervals_of_sums(metric.row_sums, is_right[:, None], seed=draw)["accuracy"]
        inside += interval.low <= chance <= interval.high
    assert 930 <= inside <= 970
    assert LEVEL == 0.95


def test_same_rows_and_seed_give_the_same_interval() -> None:
    random = np.random.default_rng(4)
    references = random.integers(0, 3, 200)
    predictions = np.where(random.random(200) < 0.8, references, 0)
    metrics = [f1(AveragedConfig(), CONTEXT)]
    first = intervals_of(metrics, predictions, references, 42)
    assert first == intervals_of(metrics, predictions, references, 42)
    assert first != intervals_of(metrics, predictions, references, 43)
    assert first["f1"].resamples == RESAMPLES


def test_metric_that_is_no_sum_takes_fewer_draws() -> None:
    random = np.random.default_rng(5)
    references = random.normal(size=80)
    predictions = references + random.normal(size=80)
    found = intervals_of([spearman(NoOptions(), CONTEXT)], predictions, references, 1)
    assert 0 < found["spearman"].resamples < RESAMPLES
    assert found["spearman"].low < found["spearman"].high


def test_draws_without_a_value_are_left_out() -> None:
    found = intervals_of([pearson(NoOptions(), CONTEXT)], [1.0, 2.0], [3.0, 4.0], 1)
    assert 300 < found["pearson"].resamples < 700  # half of the draws have two equal rows
    assert intervals_of([pearson(NoOptions(), CONTEXT)], [1.0], [3.0], 1) == {}


@pytest.mark.parametrize("rows", [1, 7, 5000])
def test_each_draw_has_as_many_rows(rows: int) -> None:
    counts = np.concatenate(list(draw_counts(rows, 900, 1)))
    assert counts.shape == (900, rows)
    assert (counts.sum(axis=1) == rows).all()
    assert counts.mean() == pytest.approx(1)


def test_one_class_only_has_an_interval_without_width() -> None:
    zeros = np.zeros(50, int)
    found = intervals_of([accuracy(NoOptions(), CONTEXT)], zeros, zeros, 1)
    assert found["accuracy"][:2] == (1.0, 1.0)
