"""Classification metrics, compared with scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from ftspec.api import Context
from ftspec.builtin.metrics import classification
from ftspec.builtin.metrics.config import AveragedConfig, NoOptions
from tests.unit.builtin.conftest import MakeContext

RANDOM = np.random.default_rng(0)
CLASSES = (RANDOM.integers(0, 4, 200), RANDOM.integers(0, 4, 200))
SETS = (RANDOM.integers(0, 2, (50, 3)), RANDOM.integers(0, 2, (50, 3)))
AVERAGED = {
    "f1": (classification.f1, metrics.f1_score),
    "precision": (classification.precision, metrics.precision_score),
    "recall": (classification.recall, metrics.recall_score),
}


@pytest.fixture
def at_metrics(context: MakeContext) -> Context:
    return context("metrics", 0)


def computed(module: Any, inputs: tuple[Any, Any]) -> dict[str, float]:
    predictions, references = inputs
    result: dict[str, float] = module.compute(predictions=predictions, references=references)
    return result


@pytest.mark.parametrize("inputs", [CLASSES, SETS], ids=["classes", "sets"])
def test_accuracy(inputs: tuple[Any, Any], at_metrics: Context) -> None:
    predictions, references = inputs
    expected = metrics.accuracy_score(references, predictions)
    assert computed(classification.accuracy(NoOptions(), at_metrics), inputs) == {
        "accuracy": pytest.approx(expected)
    }


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
@pytest.mark.parametrize("inputs", [CLASSES, SETS], ids=["classes", "sets"])
@pytest.mark.parametrize("name", list(AVERAGED))
def test_averages(name: str, inputs: tuple[Any, Any], average: Any, at_metrics: Context) -> None:
    factory, reference = AVERAGED[name]
    predictions, references = inputs
    expected = reference(references, predictions, average=average, zero_division=0)
    module = factory(AveragedConfig(average=average), at_metrics)
    assert computed(module, inputs) == {name: pytest.approx(expected)}


@pytest.mark.parametrize("name", list(AVERAGED))
def test_binary(name: str, at_metrics: Context) -> None:
    factory, reference = AVERAGED[name]
    predictions, references = (values % 2 for values in CLASSES)
    module = factory(AveragedConfig(average="binary"), at_metrics)
    assert computed(module, (predictions, references)) == {
        name: pytest.approx(reference(references, predictions))
    }


def test_macro_is_the_default_and_a_class_never_given_counts_as_zero(at_metrics: Context) -> None:
    module = classification.f1(AveragedConfig(), at_metrics)
    assert computed(module, ([0, 0, 0, 0], [0, 0, 0, 1])) == {"f1": pytest.approx((6 / 7 + 0) / 2)}


def test_matthews_correlation(at_metrics: Context) -> None:
    module = classification.matthews_correlation(NoOptions(), at_metrics)
    expected = metrics.matthews_corrcoef(CLASSES[1], CLASSES[0])
    assert computed(module, CLASSES) == {"matthews_correlation": pytest.approx(expected)}


FACTORIES: list[tuple[Callable[..., Any], Any]] = [
    (classification.accuracy, NoOptions()),
    (classification.f1, AveragedConfig()),
    (classification.matthews_correlation, NoOptions()),
]


@pytest.mark.parametrize(("factory", "config"), FACTORIES)
def test_a_metric_scores_more_than_once(
    factory: Callable[..., Any], config: Any, at_metrics: Context
) -> None:
    module = factory(config, at_metrics)
    assert list(computed(module, ([0, 1], [0, 1])).values()) == [1.0]
    assert next(iter(computed(module, ([1, 0, 1], [0, 1, 0])).values())) < 1
    assert list(computed(module, ([0, 1], [0, 1])).values()) == [1.0]
    assert all(isinstance(value, float) for value in computed(module, CLASSES).values())


def test_sets_are_right_in_every_label(at_metrics: Context) -> None:
    module = classification.accuracy(NoOptions(), at_metrics)
    given = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1]])
    right = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 0]])
    assert computed(module, (given, right)) == {"accuracy": pytest.approx(2 / 3)}
