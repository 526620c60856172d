"""Metrics built once and asked often."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from datasets import Dataset
from transformers import EvalPrediction

from ftspec.builtin.tasks.config import TextClassificationConfig
from ftspec.builtin.tasks.text_classification import TextClassification
from ftspec.engine.callbacks.metrics import MetricsCallback
from ftspec.engine.components.factories import build
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.protocols import Context, TaskContext
from tests.unit import tiny
from tests.unit.conftest import PlanOf


def metrics_of(plan: Plan, extra: Any = None) -> MetricsCallback:
    more: dict[str, Any] = {"section": (), "seed": 1, "note": print}

    def make(planned: PlannedComponent) -> Any:
        return extra or build(planned, lambda planned, children: Context(**more))

    context = TaskContext(
        tokenizer=tiny.tokenizer("wordpiece"), max_length=8, max_target_length=8, **more
    )
    task = TextClassification(TextClassificationConfig(), context)
    return MetricsCallback(plan.metrics, make, task)


ROWS = Dataset.from_dict({"labels": [1, 0, 0]})
OUTPUTS = EvalPrediction(
    predictions=np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]), label_ids=np.array([1, 0, 0])
)


def test_metrics_of_predictions(plan_of: PlanOf, minimal_spec: str) -> None:
    metrics = metrics_of(
        plan_of(minimal_spec + "metrics: [accuracy, {type: f1, average: micro}]\n")
    )
    assert metrics.needs_predictions
    for _ in range(2):
        assert metrics.score_predictions(OUTPUTS, ROWS) == pytest.approx(
            {"accuracy": 2 / 3, "f1": 2 / 3}
        )
    assert metrics.score_loss(1.0) == {}


GENERATION = """\
ftspec: 1
data: {source: {type: hub, path: acme/texts}}
preprocess: {template: {text: "{text}"}}
model: {checkpoint: acme/gpt2}
task: text-generation
"""


@pytest.mark.parametrize("metrics", ["", "metrics: [perplexity]\n"])
def test_metrics_of_the_loss_need_no_predictions(plan_of: PlanOf, metrics: str) -> None:
    measured = metrics_of(plan_of(GENERATION + metrics))
    assert not measured.needs_predictions
    assert measured.score_loss(2.0) == {"perplexity": pytest.approx(math.exp(2))}


def test_no_metrics(plan_of: PlanOf, minimal_spec: str) -> None:
    metrics = metrics_of(plan_of(minimal_spec + "metrics: []\n"))
    assert not metrics.needs_predictions
    assert metrics.score_predictions(OUTPUTS, ROWS) == {}


def test_only_single_numbers_are_kept(plan_of: PlanOf, minimal_spec: str) -> None:
    class Wordy:
        """As some metrics of the Hub answer."""

        def compute(self, **inputs: Any) -> dict[str, Any]:
            return {
                "score": np.float32(0.5),
                "count": 3,
                "array": np.array(2.0),
                "each": [1, 2],
                "all": np.array([1.0]),
                "hash": "v1",
                "nothing": None,
            }

    metrics = metrics_of(plan_of(minimal_spec + "metrics: [accuracy]\n"), Wordy())
    assert metrics.score_predictions(OUTPUTS, ROWS) == {"score": 0.5, "count": 3.0, "array": 2.0}
