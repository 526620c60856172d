"""Every metric that is a function of sums over rows gives what its library gives, for all rows and
for rows drawn with replacement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ftspec.api import Context
from ftspec.builtin.metrics import classification, regression, text
from ftspec.builtin.metrics.config import (
    AveragedConfig,
    ChrfConfig,
    NoOptions,
    RougeConfig,
    SacrebleuConfig,
)

CONTEXT = Context(section=("metrics", 0), seed=1, note=lambda note: None)
ROWS = 60
WORDS = np.array(["the", "cat", "sat", "on", "a", "mat", "and", "left."])


def classes(random: np.random.Generator) -> tuple[Any, Any]:
    references = random.integers(0, 4, ROWS)
    is_right = random.random(ROWS) < 0.6
    return np.where(is_right, references, random.integers(0, 5, ROWS)), references


def two_classes(random: np.random.Generator) -> tuple[Any, Any]:
    given, right = classes(random)
    return given % 2, right % 2


def sets(random: np.random.Generator) -> tuple[Any, Any]:
    references = random.integers(0, 2, (ROWS, 4))
    return np.where(random.random((ROWS, 4)) < 0.8, references, 1 - references), references


def numbers(random: np.random.Generator) -> tuple[Any, Any]:
    references = 1000 + random.normal(size=ROWS)
    return references + random.normal(size=ROWS), references


def texts(random: np.random.Generator) -> tuple[Any, Any]:
    references = [" ".join(random.choice(WORDS, random.integers(3, 9))) for _ in range(ROWS)]
    given = [one if random.random() < 0.3 else one[: len(one) // 2] + " mat" for one in references]
    return given, references


RATES = (classification.f1, classification.precision, classification.recall)
AVERAGES = ("macro", "micro", "weighted")
CASES: list[tuple[Callable[..., Any], Any, Callable[..., tuple[Any, Any]]]] = [
    (classification.accuracy, NoOptions(), classes),
    (classification.accuracy, NoOptions(), sets),
    *((rate, AveragedConfig(average=one), classes) for rate in RATES for one in AVERAGES),
    *((rate, AveragedConfig(average=one), sets) for rate in RATES for one in AVERAGES),
    *((rate, AveragedConfig(average="binary"), two_classes) for rate in RATES),
    (classification.matthews_correlation, NoOptions(), classes),
    (regression.mse, NoOptions(), numbers),
    (regression.mae, NoOptions(), numbers),
    (regression.r2, NoOptions(), numbers),
    (regression.pearson, NoOptions(), numbers),
    (text.rouge, RougeConfig(), texts),
    (text.sacrebleu, SacrebleuConfig(), texts),
    (text.chrf, ChrfConfig(word_order=2), texts),
]


def named(value: Any) -> str:
    return getattr(value, "__name__", None) or getattr(value, "average", "")


@pytest.mark.parametrize(("make", "config", "draw"), CASES, ids=named)
def test_sums_give_what_the_library_gives(
    make: Callable[..., Any], config: Any, draw: Callable[..., tuple[Any, Any]]
) -> None:
    random = np.random.default_rng(7)
    metric = make(config, CONTEXT)
    predictions, references = draw(random)
    terms = metric.row_sums.of_rows(predictions, references)
    drawn = [np.arange(ROWS), *random.integers(0, ROWS, (5, ROWS))]
    sums = np.stack([terms[rows].sum(axis=0) for rows in drawn])
    values = metric.row_sums.score(sums, ROWS)
    for at, rows in enumerate(drawn):
        expected = metric.compute(
            predictions=[predictions[row] for row in rows],
            references=[references[row] for row in rows],
        )
        assert {name: pytest.approx(one[at]) for name, one in values.items()} == expected
