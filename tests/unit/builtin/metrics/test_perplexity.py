"""The exponential of the mean loss."""

from __future__ import annotations

import math

import pytest

from ftspec.builtin.metrics.config import NoOptions
from ftspec.builtin.metrics.perplexity import perplexity
from tests.unit.builtin.conftest import MakeContext


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([0.0], 1.0),
        ([math.log(50)], 50.0),
        ([1.0, 3.0], math.exp(2)),
        ([800.0], math.inf),
        ([math.inf], math.inf),
    ],
)
def test_perplexity(losses: list[float], expected: float, context: MakeContext) -> None:
    module = perplexity(NoOptions(), context("metrics", 0))
    assert module.compute(losses=losses) == {"perplexity": pytest.approx(expected)}


def test_a_loss_that_is_not_a_number_has_no_perplexity(context: MakeContext) -> None:
    module = perplexity(NoOptions(), context("metrics", 0))
    assert math.isnan(module.compute(losses=[math.nan])["perplexity"])
