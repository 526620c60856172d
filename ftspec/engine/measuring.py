"""Metrics of a run: built once, asked at every evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datasets import Dataset, IterableDataset
from transformers import EvalPrediction

from ftspec.components import MetricComponent
from ftspec.planning.plan import PlannedComponent
from ftspec.protocols import Task


class Metrics:
    """The metrics of the spec: some score predictions, some score the mean loss alone."""

    def __init__(
        self, planned: Sequence[PlannedComponent], modules: Sequence[Any], task: Task
    ) -> None:
        self._task = task
        self._on_loss: list[Any] = []
        self._on_predictions: list[Any] = []
        for one, module in zip(planned, modules, strict=True):
            assert isinstance(one.component, MetricComponent)
            scores_loss = one.component.scores == frozenset({"loss"})
            (self._on_loss if scores_loss else self._on_predictions).append(module)

    @property
    def needs_predictions(self) -> bool:
        """Whether evaluation must keep what the model gave."""
        return bool(self._on_predictions)

    def score_predictions(
        self, outputs: EvalPrediction, rows: Dataset | IterableDataset
    ) -> dict[str, float]:
        """The metrics of what the model gave for the encoded ``rows``."""
        predictions, references = self._task.decode(outputs, rows)
        results: dict[str, float] = {}
        for module in self._on_predictions:
            results |= _numbers(module.compute(predictions=predictions, references=references))
        return results

    def score_loss(self, loss: float) -> dict[str, float]:
        """The metrics of a split's mean loss."""
        results: dict[str, float] = {}
        for module in self._on_loss:
            results |= _numbers(module.compute(losses=[loss]))
        return results


def _numbers(results: Mapping[str, Any] | None) -> dict[str, float]:
    """The single numbers among a metric's results; metrics of the Hub return lists as well."""
    return {
        name: float(value)
        for name, value in (results or {}).items()
        if isinstance(value, (int, float)) or getattr(value, "ndim", None) == 0
    }
