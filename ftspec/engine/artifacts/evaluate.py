"""Evaluates the model of a run on rows, and keeps what it predicted for each."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasets import Dataset, IterableDataset
from transformers import EvalPrediction, PrinterCallback, Trainer, set_seed

from ftspec.curves import Curve
from ftspec.engine.artifacts.evaluated_rows import Asked, EvaluatedRows, read_rows
from ftspec.engine.artifacts.saved_model import TrainedModel, load_trained
from ftspec.engine.artifacts.unanswered_rows import UnansweredRows, predicted_columns
from ftspec.engine.artifacts.untrained_model import load_untrained
from ftspec.engine.callbacks.metrics import MetricsCallback, metrics_of
from ftspec.engine.model.precision import resolve_precision
from ftspec.engine.progress.run_log import RunLog
from ftspec.engine.run.metrics_by_group import (
    Groups,
    groups_to_json,
    is_loss_of_run,
    losses_by_group,
    metrics_by_group,
)
from ftspec.engine.scores.intervals import MOST_ROWS, Interval, intervals_of
from ftspec.engine.scores.rows import summarise
from ftspec.engine.scores.summary import Summary
from ftspec.engine.trainer.arguments import build_arguments
from ftspec.engine.trainer.logged_metrics import bare_metrics
from ftspec.engine.trainer.trainer import trainer_class_for
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory, as_json


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
        of: the split or set, or ``None`` for a file.
        rows: how many there are.
        unknown: how many have an answer that training did not have; they count as errors.
        metrics: each with its interval, where there is one.
        by: for each column and each of its values the rows and the metrics.
        tables: by name.
        curves: by name.
        columns: of each row its fields, and what the model makes of it.
        seconds: of the model alone.
        without: why the rows have no references; then there are predictions only.
    """

    of: str | None
    rows: int
    unknown: int
    metrics: Mapping[str, Value]
    by: Groups
    tables: Mapping[str, Any]
    curves: Mapping[str, Curve]
    columns: Mapping[str, Sequence[Any]]
    seconds: float
    without: str = ""

    @property
    def has_references(self) -> bool:
        """Whether anything was measured."""
        return not self.without

    @property
    def groups(self) -> dict[str, Any]:
        """The rows and metrics of groups, as JSON values."""
        return groups_to_json(self.by)

    def to_json(self) -> dict[str, Any]:
        """Everything but the rows."""
        facts = {
            "split": self.of,
            "rows": self.rows,
            "has_references": self.has_references,
            **({} if self.has_references else {"note": no_metrics(self.without)}),
            "unknown_answers": self.unknown,
            "metrics": {name: value.to_json() for name, value in self.metrics.items()},
            "by": self.groups,
            "tables": dict(self.tables),
            "curves": {name: curve.to_json() for name, curve in self.curves.items()},
            "seconds": round(self.seconds, 3),
        }
        kept: dict[str, Any] = as_json(facts)
        return kept


def no_metrics(without: str) -> str:
    """That there are predictions only, and why."""
    return f"predictions only, and no metrics: {without}"


def evaluate(
    plan: Plan,
    run_dir: RunDirectory | None,
    asked: Asked,
    scratch: Path,
    log: RunLog,
    checkpoint: Path | None = None,
) -> Evaluation:
    """Evaluate the model of a run, or one of its checkpoints, or the checkpoint of a spec.

    Args:
        plan: of the run.
        run_dir: the run; without it the checkpoint of the plan is evaluated as it is.
        asked: the rows.
        scratch: a folder for what is only needed meanwhile.
        log: of the evaluation.
        checkpoint: the folder of a checkpoint, instead of the model.

    Raises:
        RunError: the run has no model, or the rows do not fit it.
        MissingExtraError: a package is not installed.
    """
    if run_dir is None:
        trained = load_untrained(plan, log)
    else:
        trained = load_trained(plan, run_dir, log.note, folder=checkpoint)
    rows = read_rows(plan, run_dir, trained, asked, scratch, log)
    if isinstance(rows, UnansweredRows):
        if asked.by:
            log.warn(f'there are no metrics by "{asked.by[0]}", since there are none at all')
        return _predicted(rows, trained, log)
    metrics = metrics_of(plan, rows.task, log.note)
    metrics.build()
    rows.task.calibration = trained.calibration
    if trained.calibration is not None:
        log.note("the scores are calibrated (ftspec calibrate)")
    outputs, values, seconds = predict_rows(plan, trained, rows, metrics, scratch, log)
    evaluation, notes = _scored(plan, rows, metrics, outputs, values, seconds)
    for note in notes:
        log.note(note)
    return evaluation


def _predicted(rows: UnansweredRows, trained: TrainedModel, log: RunLog) -> Evaluation:
    """The evaluation of rows without references: what the model predicts for them."""
    log.warn(no_metrics(rows.missed))
    begun = time.monotonic()
    columns = predicted_columns(rows, trained, log.note)
    return Evaluation(
        of=rows.split,
        rows=len(rows.rows),
        unknown=0,
        metrics={},
        by={},
        tables={},
        curves={},
        columns=columns,
        seconds=time.monotonic() - begun,
        without=rows.missed,
    )


@dataclass
class _Outputs:
    """Keeps what the model predicted for all rows."""

    kept: list[EvalPrediction] = field(default_factory=list)

    def __call__(
        self, outputs: EvalPrediction, rows: Dataset | IterableDataset
    ) -> dict[str, float]:
        self.kept.append(outputs)
        return {}


def predict_rows(
    plan: Plan,
    trained: TrainedModel,
    rows: EvaluatedRows,
    metrics: MetricsCallback,
    scratch: Path,
    log: RunLog,
) -> tuple[EvalPrediction | None, dict[str, float], float]:
    """What the model predicted, if anything needs it, the mean loss with the metrics of it, and the
    seconds it took."""
    task = rows.task
    set_seed(plan.seed)
    precision, _ = resolve_precision(
        plan.performance.precision, bool(plan.training.get("use_cpu", False))
    )
    outputs = _Outputs()
    describes_losses = task.describes_losses and not metrics.needs_predictions
    keeps_outputs = metrics.needs_predictions or describes_losses or task.takes_calibration
    model = task.wrap(trained.module)
    trainer = trainer_class_for(task.trainer_class or Trainer)(
        model=model,
        args=build_arguments(
            plan,
            task,
            RunDirectory(scratch),
            precision,
            needs_predictions=keeps_outputs,
        ),
        data_collator=task.collator(trained.module),
        eval_dataset=rows.encoded,
        processing_class=trained.tokenizer,
        preprocess_logits_for_metrics=(
            task.reduce_losses if describes_losses else task.reduce_logits
        ),
        task=task,
        loss_metrics=metrics.score_loss,
        prediction_metrics=outputs if keeps_outputs else None,
        warn=log.warn,
        **task.trainer_options(model),
    )
    trainer.remove_callback(PrinterCallback)
    begun = time.monotonic()
    logged = trainer.evaluate(rows.encoded)
    seconds = time.monotonic() - begun
    values = {name: float(value) for name, value in bare_metrics(logged, "eval").items()}
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
    columns: Mapping[str, Sequence[Any]] = {}
    by: Groups = {}
    summary = Summary()
    if outputs is not None:
        columns = dict(rows.task.describe(outputs, rows.encoded, rows.fields))
        has_intervals = rows.task.rows_are_independent and count <= MOST_ROWS
        if "tokens" in columns:
            has_intervals = has_intervals and _are_whole_rows(rows, columns["tokens"])
        summary = summarise(columns, plan.seed if has_intervals else None)
        if metrics.needs_predictions:
            by = _measure(summary, rows, metrics, outputs, columns)
        elif not is_loss_of_run(summary.values.get("loss"), values["loss"]):
            summary, columns = Summary(notes=[_OTHER_LOSS]), {}
        else:
            by = losses_by_group(rows.groups, columns, metrics)
            summary.values |= values  # with the rounding of the run
    values = {**values, **summary.values}
    evaluation = Evaluation(
        of=rows.split,
        rows=count,
        unknown=columns.get("loss", ()).count(None) if "reference" in columns else 0,
        metrics={name: Value(one, summary.intervals.get(name)) for name, one in values.items()},
        by=by,
        tables=summary.tables,
        curves=summary.curves,
        columns={**{name: rows.fields[name] for name in rows.fields.column_names}, **columns},
        seconds=seconds,
    )
    return evaluation, summary.notes


_OTHER_LOSS = "the loss of each row is left out: this model computes its loss in another way"


def _measure(
    summary: Summary,
    rows: EvaluatedRows,
    metrics: MetricsCallback,
    outputs: EvalPrediction,
    columns: Mapping[str, Sequence[Any]],
) -> Groups:
    """Add the metrics of the spec and the mean loss; the metrics of groups of rows."""
    predictions, references = rows.task.decode(outputs, rows.encoded)
    measured = metrics.measure(predictions, references)
    found = Summary(summary.seed, measured.numbers)
    losses = [loss for loss in columns.get("loss", ()) if loss is not None]
    if losses:
        found.add_means({"loss": losses})
    is_by_row = len(references) == len(rows.fields)
    if summary.seed is not None and is_by_row:
        found.intervals |= intervals_of(
            metrics.on_predictions, predictions, references, summary.seed
        )
    summary.give_way_to(found)
    summary.add_measured(measured.tables, measured.curves)
    if not is_by_row:
        return {}
    return metrics_by_group(rows.groups, predictions, references, metrics)


def _are_whole_rows(rows: EvaluatedRows, tokens: Sequence[int]) -> bool:
    """Whether each row of data is a row of the model, and not a part of packed ones."""
    if len(rows.encoded) != len(tokens):
        return False
    learned = (sum(map(sum, rows.task.learned_tokens(row).values())) for row in rows.encoded)
    return all(one == other for one, other in zip(learned, tokens, strict=True))
