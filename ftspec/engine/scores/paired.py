"""Whether two models differ, judged by rows that both have answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

_DRAWS = 9_999


class PairedTest(NamedTuple):
    """A test of the hypothesis that two models are equally good.

    Attributes:
        name: which test.
        p: the probability of a difference as large as this one, if they are; of several tests times
            their number (Bonferroni).
        p_alone: that of this test alone.
        only_first: rows that only the first model gets right, or is better at.
        only_second: the same of the second.
    """

    name: str
    p: float
    p_alone: float
    only_first: int
    only_second: int

    def among(self, tests: int) -> PairedTest:
        """The same as one of several tests."""
        return self._replace(p=min(self.p_alone * tests, 1.0))


def compare_answers(first: Sequence[bool], second: Sequence[bool]) -> PairedTest:
    """Whether one model is right more often: the exact test of McNemar 1947,
    doi:10.1007/BF02295996, on the rows where only one is right."""
    is_first, is_second = np.asarray(first, bool), np.asarray(second, bool)
    only_first = int((is_first & ~is_second).sum())
    only_second = int((is_second & ~is_first).sum())
    differing = only_first + only_second
    p = 1.0 if differing == 0 else float(stats.binomtest(only_first, differing, 0.5).pvalue)
    return PairedTest("McNemar, exact", p, p, only_first, only_second)


def compare_losses(first: Sequence[float], second: Sequence[float], seed: int) -> PairedTest:
    """Whether one model has a smaller mean loss: a permutation test that exchanges the two losses
    of a row at random. Source: Good, *Permutation, Parametric and Bootstrap Tests of Hypotheses*
    (2005), section 3.3."""
    before, after = np.asarray(first, float), np.asarray(second, float)
    smaller, larger = int((before < after).sum()), int((before > after).sum())
    if smaller + larger == 0:
        return PairedTest("paired permutation", 1.0, 1.0, 0, 0)
    found = stats.permutation_test(
        (before, after),
        lambda one, other, axis: (one - other).mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=_DRAWS,
        batch=100,
        rng=np.random.default_rng(seed),
    )
    p = float(found.pvalue)
    return PairedTest("paired permutation", p, p, smaller, larger)
