"""Evaluates the model of a run on rows, and keeps what it predicted for each."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset, IterableDataset
from transformers import EvalPrediction, PrinterCallback, Trainer, set_seed

from ftspec.engine.artifacts.evaluated_rows import Asked, EvaluatedRows, read_rows
from ftspec.engine.artifacts.saved_model import TrainedModel, load_trained
from ftspec.engine.callbacks.metrics import MetricsCallback
from ftspec.engine.components.factories import build, make_contexts
from ftspec.engine.model.precision import resolve_precision
from ftspec.engine.progress.run_log import RunLog
from ftspec.engine.scores.intervals import MOST_ROWS, Interval, intervals_of, intervals_of_sums
from ftspec.engine.scores.rows import summarise
from ftspec.engine.scores.summary import Summary
from ftspec.engine.trainer.arguments import build_arguments
from ftspec.engine.trainer.trainer import trainer_class_for
from ftspec.metrics import Curve, RowSums
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory

_MOST_GROUPS = 100


@dataclass(frozen=True)
class Value:
    """The value of a metric, and how uncertain it is."""

    value: float
    interval: Interval | None = None

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        if self.interval is None:
            return {"value": self.value}
        return {"value": self.value, **self.interval._asdict()}


@dataclass(frozen=True)
class Evaluation:
    """What came of an evaluation.

    Attributes:
        of: the split, or ``None`` for a file.
        rows: how many there are.
        unknown: how many have an answer that training did not have; they count as errors.
        metrics: each with its interval, where there is one.
        by: for each column and each of its values the rows and the metrics.
        tables: by name.
        curves: by name.
        columns: of each row its fields, and what the model makes of it.
        seconds: of the model alone.
    """

    of: str | None
    rows: int
    unknown: int
    metrics: Mapping[str, Value]
    by: Mapping[str, Mapping[str, tuple[int, Mapping[str, float]]]]
    tables: Mapping[str, Any]
    curves: Mapping[str, Curve]
    columns: Mapping[str, Sequence[Any]]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Everything but the rows."""
        return {
            "split": self.of,
            "rows": self.rows,
            "unknown_answers": self.unknown,
            "metrics": {name: value.to_json() for name, value in self.metrics.items()},
            "by": {
                column: {
                    value: {"rows": rows, "metrics": dict(metrics)}
                    for value, (rows, metrics) in groups.items()
                }
                for column, groups in self.by.items()
            },
            "tables": dict(self.tables),
            "curves": {name: curve.to_json() for name, curve in self.curves.items()},
            "seconds": round(self.seconds, 3),
        }


def evaluate(
    plan: Plan,
    run_dir: RunDirectory,
    asked: Asked,
    scratch: Path,
    log: RunLog,
    checkpoint: Path | None = None,
) -> Evaluation:
    """Evaluate the model of a run, or one of its checkpoints.

    Args:
        plan: of the run.
        run_dir: the run.
        asked: the rows.
        scratch: a folder for what is only needed meanwhile.
        log: of the evaluation.
        checkpoint: the folder of a checkpoint, instead of the model.

    Raises:
        RunError: the run has no model, or the rows do not fit it.
        MissingExtraError: a package is not installed.
    """
    trained = load_trained(plan, run_dir, log.note, folder=checkpoint)
    rows = read_rows(plan, run_dir, trained, asked, scratch, log)
    metrics = MetricsCallback(
        plan.metrics, lambda one: build(one, make_contexts(plan, log.note)), rows.task
    )
    metrics.build()
    outputs, values, seconds = _predict(plan, trained, rows, metrics, scratch, log)
    evaluation, notes = _scored(plan, rows, metrics, outputs, values, seconds)
    for note in notes:
        log.note(note)
    return evaluation


@dataclass
class _Outputs:
    """Keeps what the model predicted for all rows."""

    kept: list[EvalPrediction] = field(default_factory=list)

    def __call__(
        self, outputs: EvalPrediction, rows: Dataset | IterableDataset
    ) -> dict[str, float]:
        self.kept.append(outputs)
        return {}


def _predict(
    plan: Plan,
    trained: TrainedModel,
    rows: EvaluatedRows,
    metrics: MetricsCallback,
    scratch: Path,
    log: RunLog,
) -> tuple[EvalPrediction | None, dict[str, float], float]:
    """What the model predicted, the mean loss with the metrics of it, and the seconds it took."""
    task = rows.task
    set_seed(plan.seed)
    precision, _ = resolve_precision(
        plan.performance.precision, bool(plan.training.get("use_cpu", False))
    )
    outputs = _Outputs()
    model = task.wrap(trained.module)
    trainer = trainer_class_for(task.trainer_class or Trainer)(
        model=model,
        args=build_arguments(
            plan,
            task,
            RunDirectory(scratch),
            precision,
            needs_predictions=metrics.needs_predictions,
        ),
        data_collator=task.collator(trained.module),
        eval_dataset=rows.encoded,
        processing_class=trained.tokenizer,
        preprocess_logits_for_metrics=task.reduce_logits,
        task=task,
        loss_metrics=metrics.score_loss,
        prediction_metrics=outputs if metrics.needs_predictions else None,
        warn=log.warn,
        **task.trainer_options(model),
    )
    trainer.remove_callback(PrinterCallback)
    begun = time.monotonic()
    logged = trainer.evaluate(rows.encoded)
    seconds = time.monotonic() - begun
    timed = ("runtime", "samples_per_second", "steps_per_second", "model_preparation_time")
    values = {
        name.removeprefix("eval_"): float(value)
        for name, value in logged.items()
        if name.startswith("eval_") and not name.endswith(timed)
    }
    return (outputs.kept[-1] if outputs.kept else None), values, seconds


def _scored(
    plan: Plan,
    rows: EvaluatedRows,
    metrics: MetricsCallback,
    outputs: EvalPrediction | None,
    values: dict[str, float],
    seconds: float,
) -> tuple[Evaluation, list[str]]:
    """The values with their intervals, the tables and the curves, and what is missing."""
    count = len(rows.fields)
    columns: dict[str, Sequence[Any]] = {}
    intervals: dict[str, Interval] = {}
    by: dict[str, dict[str, tuple[int, Mapping[str, float]]]] = {}
    has_intervals = rows.task.rows_are_independent and count <= MOST_ROWS
    summary = Summary()
    if outputs is not None:
        columns = dict(rows.task.describe(outputs, rows.encoded, rows.fields))
        predictions, references = rows.task.decode(outputs, rows.encoded)
        measured = metrics.measure(predictions, references)
        values |= measured.numbers
        losses = _known(columns.get("loss", ()))
        if losses:
            values["loss"] = float(np.mean(losses))
        summary = summarise(columns, plan.seed if has_intervals else None)
        summary.add_measured(measured.tables, measured.curves)
        values = {**summary.values, **values}  # a metric of the spec has its own way
        if has_intervals and len(references) == count:
            intervals = intervals_of(metrics.on_predictions, predictions, references, plan.seed)
            if losses:
                terms = np.asarray(losses)[:, None]
                intervals |= intervals_of_sums(_MEAN_LOSS, terms, plan.seed)
        intervals = {
            **{name: one for name, one in summary.intervals.items() if name in summary.values},
            **intervals,
        }
        if len(references) == count:
            by = {
                column: _by_group(groups, predictions, references, metrics)
                for column, groups in rows.groups.items()
            }
    evaluation = Evaluation(
        of=rows.split,
        rows=count,
        unknown=sum(loss is None for loss in columns.get("loss", ())),
        metrics={name: Value(value, intervals.get(name)) for name, value in values.items()},
        by=by,
        tables=summary.tables,
        curves=summary.curves,
        columns={**{name: rows.fields[name] for name in rows.fields.column_names}, **columns},
        seconds=seconds,
    )
    return evaluation, summary.notes


_MEAN_LOSS = RowSums(
    lambda predictions, references: np.asarray(predictions),
    lambda sums, rows: {"loss": sums[..., 0] / rows},
)


def _by_group(
    groups: list[str], predictions: Any, references: Any, metrics: MetricsCallback
) -> dict[str, tuple[int, Mapping[str, float]]]:
    """The metrics of the rows of each value, the most frequent first."""
    members: dict[str, list[int]] = {}
    for row, value in enumerate(groups):
        members.setdefault(value, []).append(row)
    most = [value for value, _ in Counter(groups).most_common(_MOST_GROUPS)]
    return {
        value: (
            len(members[value]),
            metrics.score(
                [predictions[row] for row in members[value]],
                [references[row] for row in members[value]],
            ),
        )
        for value in most
    }


def _known(losses: Sequence[Any]) -> list[float]:
    return [loss for loss in losses if loss is not None]
