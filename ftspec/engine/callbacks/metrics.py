"""Metrics of a run: built once, computed at every evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from datasets import Dataset, IterableDataset
from transformers import (
    EvalPrediction,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from ftspec.components import MetricComponent
from ftspec.curves import Curve, Table
from ftspec.engine.components.factories import build, make_contexts, require_packages
from ftspec.engine.progress.run_log import Note
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.protocols import Task


@dataclass(frozen=True)
class Measured:
    """What metrics say of predictions, each by its name.

    Attributes:
        numbers: single values.
        tables: as JSON values.
        curves: as metrics give them.
    """

    numbers: dict[str, float] = field(default_factory=dict)
    tables: dict[str, Any] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)


class MetricsCallback(TrainerCallback):
    """The metrics of the spec: some score predictions, some score the mean loss alone.

    They are built after the first step, so that it does not wait for the libraries they import, and
    before the first evaluation, so that a metric that cannot be built does not end a long run.

    Raises:
        MissingExtraError: a package that one of them needs is not installed.
    """

    def __init__(
        self,
        planned: Sequence[PlannedComponent[MetricComponent]],
        make: Callable[[PlannedComponent[MetricComponent]], Any],
        task: Task,
    ) -> None:
        self._planned = planned
        self._make = make
        self._task = task
        self._on_loss: list[Any] = []
        self._on_predictions: list[Any] = []
        self._is_built = False
        for one in planned:
            require_packages(one.component)

    def build(self) -> None:
        """Build the metrics, once."""
        if self._is_built:
            return
        self._is_built = True
        for one in self._planned:
            (self._on_loss if _scores_loss(one) else self._on_predictions).append(self._make(one))

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Build the metrics after the first step."""
        self.build()

    @property
    def needs_predictions(self) -> bool:
        """Whether evaluation must keep predictions."""
        return not all(map(_scores_loss, self._planned))

    def score_predictions(
        self, outputs: EvalPrediction, rows: Dataset | IterableDataset
    ) -> dict[str, float]:
        """The metrics of what the model predicted for the encoded ``rows``."""
        return self.score(*self._task.decode(outputs, rows))

    def score(self, predictions: Any, references: Any) -> dict[str, float]:
        """The metrics of predictions, in the form that the task decodes them to."""
        return self.measure(predictions, references).numbers

    def measure(self, predictions: Any, references: Any) -> Measured:
        """All that the metrics say of predictions."""
        measured = Measured()
        for module in self.on_predictions:
            results = module.compute(predictions=predictions, references=references) or {}
            measured.numbers.update(_numbers(results))
            for name, value in results.items():
                if isinstance(value, Table):
                    measured.tables[name] = value.to_json()
                elif isinstance(value, Curve):
                    measured.curves[name] = value
        return measured

    @property
    def on_predictions(self) -> Sequence[Any]:
        """The modules that score predictions."""
        self.build()
        return self._on_predictions

    def score_loss(self, loss: float) -> dict[str, float]:
        """The metrics of a split's mean loss."""
        self.build()
        results: dict[str, float] = {}
        for module in self._on_loss:
            results |= _numbers(module.compute(losses=[loss]))
        return results


def _scores_loss(planned: PlannedComponent[MetricComponent]) -> bool:
    return planned.component.scores == frozenset({"loss"})


def _numbers(results: Mapping[str, Any] | None) -> dict[str, float]:
    """The single numbers among the results of a metric. Metrics of the Hub return lists too."""
    return {
        name: float(value)
        for name, value in (results or {}).items()
        if isinstance(value, (int, float)) or getattr(value, "ndim", None) == 0
    }


def metrics_of(plan: Plan, task: Task, note: Note) -> MetricsCallback:
    """The metrics of a plan, for the predictions of its task. ``note`` shows what they say."""
    return MetricsCallback(plan.metrics, lambda one: build(one, make_contexts(plan, note)), task)
