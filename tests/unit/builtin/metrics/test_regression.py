"""Regression metrics, compared with scikit-learn and SciPy."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from ftspec.builtin.metrics import regression
from ftspec.builtin.metrics.config import NoOptions
from tests.unit.builtin.conftest import MakeContext

RANDOM = np.random.default_rng(0)
REFERENCES = RANDOM.normal(size=100)
PREDICTIONS = REFERENCES + RANDOM.normal(size=100)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mse", metrics.mean_squared_error(REFERENCES, PREDICTIONS)),
        ("mae", metrics.mean_absolute_error(REFERENCES, PREDICTIONS)),
        ("r2", metrics.r2_score(REFERENCES, PREDICTIONS)),
        ("pearson", stats.pearsonr(REFERENCES, PREDICTIONS).statistic),
        ("spearman", stats.spearmanr(REFERENCES, PREDICTIONS).statistic),
    ],
)
def test_each(name: str, expected: float, context: MakeContext) -> None:
    module: Any = getattr(regression, name)(NoOptions(), context("metrics", 0))
    result = module.compute(predictions=PREDICTIONS, references=REFERENCES)
    assert result == {name: pytest.approx(expected)}


@pytest.mark.parametrize("name", ["pearson", "spearman"])
def test_correlation_with_a_constant_is_not_a_number(name: str, context: MakeContext) -> None:
    module: Any = getattr(regression, name)(NoOptions(), context("metrics", 0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = module.compute(predictions=[1.0, 1.0, 1.0], references=[1.0, 2.0, 3.0])
    assert math.isnan(result[name])
