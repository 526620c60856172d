"""One evaluation of a model, from its rows to its files."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from ftspec.engine.artifacts.evaluate import Evaluation, evaluate
from ftspec.engine.artifacts.evaluated_rows import Asked
from ftspec.engine.artifacts.evaluation_files import renew_report, write_evaluation
from ftspec.engine.artifacts.subject import Subject
from ftspec.engine.progress.run_log import Watcher
from ftspec.engine.run.opening import start_evaluations
from ftspec.engine.run.session import open_session
from ftspec.errors import not_writable
from ftspec.files import sha256_of
from ftspec.rundir import EVALUATIONS, RunDirectory


def evaluate_model(
    subject: Subject,
    asked: Asked,
    *,
    name: str | None,
    file: Path | None,
    checkpoint: Path | None,
    watcher: Watcher,
) -> tuple[Evaluation, Path]:
    """Evaluate a model, and keep what came of it in a new folder: of the run, or beside the runs of
    the spec.

    Args:
        subject: the model.
        asked: the rows.
        name: of the evaluation; by default it says what is evaluated.
        file: the file of the rows, if they are not those of a split.
        checkpoint: the folder of a checkpoint of the run, instead of the model.
        watcher: shows the notes of the evaluation.

    Raises:
        RunError: there is no model, the rows do not fit it, or a file cannot be written.
        MissingExtraError: a package is not installed.
    """
    plan = subject.plan
    if subject.run_dir is not None:
        _require_writable(subject.run_dir)
    with (
        tempfile.TemporaryDirectory(prefix="ftspec-") as folder,
        open_session(plan, RunDirectory(Path(folder)), watcher) as log,
    ):
        log.phase("evaluating")
        evaluation = evaluate(plan, subject.run_dir, asked, Path(folder), log, checkpoint)
    about = {
        "file": plan.mask(str(file)) if file is not None else None,
        "sha256": sha256_of(file) if file is not None else None,
        "data": asked.other.name if asked.other is not None else None,
        "checkpoint": _checkpoint(subject, checkpoint),
    }
    run_dir = subject.run_dir or start_evaluations(plan, subject.spec_text)
    name = name or _name(evaluation, asked, file, checkpoint)
    kept = write_evaluation(run_dir, name, evaluation, about)
    if subject.run_dir is not None:
        renew_report(run_dir)
    return evaluation, kept


def _require_writable(run_dir: RunDirectory) -> None:
    """Refuse a folder that cannot be written before anything is evaluated."""
    folder = run_dir.path / EVALUATIONS
    folder = folder if folder.is_dir() else run_dir.path
    if not os.access(folder, os.W_OK):
        raise not_writable(folder, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def _name(evaluation: Evaluation, asked: Asked, file: Path | None, checkpoint: Path | None) -> str:
    """What is evaluated."""
    name = file.stem if file is not None else str(evaluation.of)
    if asked.other is not None:
        name = f"{asked.other.name}-{name}"
    return name if checkpoint is None else f"{name}-{checkpoint.name}"


def _checkpoint(subject: Subject, folder: Path | None) -> str:
    """Which weights are evaluated."""
    if folder is not None:
        return folder.name
    if subject.run_dir is not None:
        return "model"
    return subject.plan.mask(str(subject.plan.model.checkpoint))
