"""One evaluation of a run, from its rows to its files."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ftspec.engine.artifacts.evaluate import Evaluation, evaluate
from ftspec.engine.artifacts.evaluated_rows import Asked
from ftspec.engine.artifacts.evaluation_files import renew_report, write_evaluation
from ftspec.engine.patches.quiet_libraries import quiet_libraries
from ftspec.engine.patches.reliable_hub import reliable_hub
from ftspec.engine.progress.run_log import RunLog, Watcher
from ftspec.files import sha256_of
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory


def evaluate_run(
    plan: Plan,
    run_dir: RunDirectory,
    asked: Asked,
    *,
    name: str | None,
    file: Path | None,
    checkpoint: Path | None,
    watcher: Watcher,
) -> tuple[Evaluation, Path]:
    """Evaluate the model of a run, and keep what came of it in a new folder of the run.

    Args:
        plan: of the run.
        run_dir: the run.
        asked: the rows.
        name: of the evaluation; by default it says what is evaluated.
        file: the file of the rows, if they are not those of a split.
        checkpoint: the folder of a checkpoint, instead of the model.
        watcher: shows the notes of the evaluation.

    Raises:
        RunError: the run has no model, the rows do not fit it, or a file cannot be written.
        MissingExtraError: a package is not installed.
    """
    with (
        tempfile.TemporaryDirectory(prefix="ftspec-") as folder,
        quiet_libraries(),
        RunLog(Path(folder) / "log.txt", watcher, plan.mask) as log,
        reliable_hub(log.note),
    ):
        log.phase("evaluating")
        evaluation = evaluate(plan, run_dir, asked, Path(folder), log, checkpoint)
    what = file.stem if file is not None else str(evaluation.of)
    about = {
        "file": plan.mask(str(file)) if file is not None else None,
        "sha256": sha256_of(file) if file is not None else None,
        "checkpoint": checkpoint.name if checkpoint is not None else "model",
    }
    if name is None:
        name = what if checkpoint is None else f"{what}-{checkpoint.name}"
    kept = write_evaluation(run_dir, name, evaluation, about)
    renew_report(run_dir)
    return evaluation, kept
