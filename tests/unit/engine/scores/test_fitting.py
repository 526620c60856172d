"""A known distortion of scores is found and undone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn import metrics

from ftspec.engine.scores.fitting import fit_temperature, fit_threshold


@pytest.mark.parametrize("distortion", [0.4, 1.0, 3.0])
def test_temperature_of_a_known_distortion_is_recovered(distortion: float) -> None:
    random = np.random.default_rng(1)
    logits = random.normal(size=(20_000, 4)) * 2
    drawn = (softmax(logits, axis=1).cumsum(axis=1) > random.random((20_000, 1))).argmax(axis=1)
    is_class = np.eye(4, dtype=bool)[drawn]
    found = fit_temperature(logits * distortion, is_class, one_of=True)
    assert found == pytest.approx(distortion, rel=0.03)
    losses = [
        metrics.log_loss(drawn, softmax(logits * distortion / temperature, axis=1))
        for temperature in (found, found * 1.01, found / 1.01, 1.0)
    ]
    assert losses[0] == min(losses)


def test_temperature_of_independent_labels_is_recovered() -> None:
    random = np.random.default_rng(2)
    logits = random.normal(size=(20_000, 3)) * 2
    is_class = random.random((20_000, 3)) < expit(logits)
    assert fit_temperature(logits * 2.5, is_class, one_of=False) == pytest.approx(2.5, rel=0.03)


def test_temperature_is_never_worse_than_none() -> None:
    random = np.random.default_rng(3)
    for _ in range(20):
        logits = random.normal(size=(5, 2))
        is_class = np.eye(2, dtype=bool)[random.integers(0, 2, 5)]
        found = fit_temperature(logits, is_class, one_of=True)
        right = is_class.argmax(axis=1)
        with_it, without = (
            metrics.log_loss(right, softmax(logits / one, axis=1), labels=[0, 1])
            for one in (found, 1.0)
        )
        assert with_it <= without


def test_threshold_is_the_best_of_all() -> None:
    random = np.random.default_rng(4)
    is_class = random.random(150) < 0.2
    scores = np.clip(is_class * 0.2 + random.random(150) * 0.5, 0, 1)
    found = fit_threshold(is_class, scores, "f1", 0.05)
    assert found is not None
    every = [metrics.f1_score(is_class, scores >= one) for one in np.unique(scores)]
    assert metrics.f1_score(is_class, scores >= found) == max(every)


def test_threshold_that_is_not_better_is_left_out() -> None:
    right = np.array([False, False, True, True])
    assert fit_threshold(right, np.array([0.1, 0.2, 0.8, 0.9]), "accuracy", 0.5) is None
    assert fit_threshold(right, np.array([0.5] * 4), "f1", 0.5) is None
    assert fit_threshold(right, np.array([0.1, 0.2, 0.3, 0.4]), "f1", 0.5) == pytest.approx(0.25)
