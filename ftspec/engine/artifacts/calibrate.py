"""Fits the scores of the model of a run to its validation rows."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import logit

from ftspec.calibration import CALIBRATION, Calibration
from ftspec.engine.artifacts.evaluate import predict_rows
from ftspec.engine.artifacts.evaluated_rows import Asked, EvaluatedRows, read_rows
from ftspec.engine.artifacts.saved_model import load_trained
from ftspec.engine.callbacks.metrics import metrics_of
from ftspec.engine.progress.run_log import RunLog, Watcher
from ftspec.engine.run.opening import owned_run
from ftspec.engine.run.session import open_session
from ftspec.engine.scores.fitting import (
    COOLEST,
    HOTTEST,
    THRESHOLD_METRICS,
    fit_temperature,
    fit_threshold,
)
from ftspec.engine.scores.rows import summarise
from ftspec.errors import RunError, not_writable
from ftspec.manifest import add_file
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory

_SMALLEST = 1e-12
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Calibrated:
    """What came of a calibration.

    Attributes:
        calibration: as it is kept.
        rows: of the validation split, on which it was fitted.
        before: values on these rows without it.
        after: the same values with it.
        defaults: of the labels with a threshold the one that it takes the place of.
    """

    calibration: Calibration
    rows: int
    before: Mapping[str, float]
    after: Mapping[str, float]
    defaults: Mapping[str, float]


def calibrate_run(
    plan: Plan,
    run_dir: RunDirectory,
    watcher: Watcher,
    *,
    fits_temperature: bool,
    threshold_for: str | None,
) -> Calibrated:
    """Fit a calibration on the validation rows of a run, and keep it with the model, which stays as
    it is. An earlier one has no influence.

    Args:
        plan: of the run.
        run_dir: the run.
        watcher: shows notes.
        fits_temperature: whether to fit a temperature.
        threshold_for: the metric whose value thresholds are to raise, if they are to be fitted.

    Raises:
        RunError: the run has no model or no validation rows, its task has no scores, or the
            calibration cannot be written.
        MissingExtraError: a package is not installed.
    """
    with (
        owned_run(run_dir),
        tempfile.TemporaryDirectory(prefix="ftspec-") as folder,
        open_session(plan, RunDirectory(Path(folder)), watcher) as log,
    ):
        log.phase("predicting validation rows")
        calibrated = _fit(plan, run_dir, Path(folder), log, fits_temperature, threshold_for)
        text = json.dumps(calibrated.calibration.to_json(), indent=2, ensure_ascii=False)
        try:
            add_file(run_dir.model, CALIBRATION, text + "\n")
        except OSError as error:
            raise not_writable(run_dir.model, error) from error
    return calibrated


def _fit(
    plan: Plan,
    run_dir: RunDirectory,
    scratch: Path,
    log: RunLog,
    fits_temperature: bool,
    threshold_for: str | None,
) -> Calibrated:
    trained = load_trained(plan, run_dir, log.note, is_calibrated=False)
    asked = Asked("validation", None, needs_references=True)
    try:
        rows = read_rows(plan, run_dir, trained, asked, scratch, log)
    except RunError as error:
        if error.slug != "unknown-split":
            raise
        helps = ("scores are fitted to rows that the model did not learn",)
        raise RunError(error.headline, slug=error.slug, at=error.at, helps=helps) from error
    assert isinstance(rows, EvaluatedRows)  # they have references
    task = rows.task
    if not task.takes_calibration:
        raise RunError(
            "only the scores of a classifier can be calibrated",
            slug="not-calibrated",
            at=plan.task.at,
        )
    metrics = metrics_of(plan, task, log.note)
    outputs, _, _ = predict_rows(plan, trained, rows, metrics, scratch, log)
    assert outputs is not None

    def described(calibration: Calibration) -> Mapping[str, Sequence[Any]]:
        task.calibration = calibration
        return task.describe(outputs, rows.encoded, rows.fields)

    calibration = Calibration()
    before = described(calibration)
    if fits_temperature:
        calibration = Calibration(temperature=_temperature(before))
        if calibration.temperature < COOLEST + _TOLERANCE:
            log.note("every validation row is right: the temperature is the smallest that is tried")
        elif calibration.temperature > HOTTEST - _TOLERANCE:
            log.note("the scores say nothing: the temperature is the largest that is tried")
    defaults: dict[str, float] = {}
    if threshold_for is not None:
        default = float(getattr(plan.task.config, "threshold", 0.5)) if _has_sets(before) else 0.5
        found = _thresholds(described(calibration), threshold_for, default)
        calibration = replace(calibration, thresholds=found)
        defaults = dict.fromkeys(found, default)
    after = described(calibration)
    return Calibrated(
        calibration,
        len(rows.fields),
        _values(before, threshold_for),
        _values(after, threshold_for),
        defaults,
    )


def _has_sets(columns: Mapping[str, Sequence[Any]]) -> bool:
    """Whether each row has a set of labels."""
    return isinstance(columns["prediction"][0], list)


def _names(columns: Mapping[str, Sequence[Any]]) -> list[str]:
    return list(columns["scores"][0])


def _scores(columns: Mapping[str, Sequence[Any]]) -> np.ndarray:
    return np.array([list(row.values()) for row in columns["scores"]], float)


def _is_class(columns: Mapping[str, Sequence[Any]], column: str) -> np.ndarray:
    """Whether a row has a label, shape (rows, labels)."""
    names = _names(columns)
    rows = ({one} if isinstance(one, str) else set(one) for one in columns[column])
    return np.array([[name in row for name in names] for row in rows], bool)


def _temperature(columns: Mapping[str, Sequence[Any]]) -> float:
    scores, is_class = _scores(columns), _is_class(columns, "reference")
    if _has_sets(columns):
        logits = logit(np.clip(scores, _SMALLEST, 1 - _SMALLEST))
        return fit_temperature(logits, is_class, one_of=False)
    return fit_temperature(np.log(np.maximum(scores, _SMALLEST)), is_class, one_of=True)


def _thresholds(
    columns: Mapping[str, Sequence[Any]], metric: str, default: float
) -> dict[str, float]:
    """The thresholds that are better than the default.

    Raises:
        RunError: each row has one of more than two labels, of which the best wins.
    """
    names, scores, is_class = _names(columns), _scores(columns), _is_class(columns, "reference")
    if not _has_sets(columns):
        if len(names) != 2:
            raise RunError(
                f"of {len(names)} labels the one with the best score is predicted: only two "
                "labels, or several for a row, have thresholds",
                slug="not-calibrated",
                helps=("leave out --threshold-for",),
            )
        names, scores, is_class = names[1:], scores[:, 1:], is_class[:, 1:]
    found = {
        name: fit_threshold(is_class[:, at], scores[:, at], metric, default)
        for at, name in enumerate(names)
    }
    return {name: threshold for name, threshold in found.items() if threshold is not None}


def _values(columns: Mapping[str, Sequence[Any]], metric: str | None) -> dict[str, float]:
    """The log loss, the calibration error and the metric: its mean over labels, or of the second of
    two."""
    values = summarise(columns, None).values
    wanted: tuple[str, ...] = ("log_loss", "calibration_error")
    found = {name: values[name] for name in wanted if name in values}
    if metric is not None:
        right, given = (_is_class(columns, column) for column in ("reference", "prediction"))
        chosen = range(right.shape[1]) if _has_sets(columns) else (1,)
        score = THRESHOLD_METRICS[metric]
        found[metric] = float(np.mean([score(right[:, at], given[:, at]) for at in chosen]))
    return found
