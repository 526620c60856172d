"""``ftspec evaluate``: how good the model of a run is, on any rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ftspec.checkpoints import find_checkpoints
from ftspec.cli.inputs.installed import open_registry
from ftspec.cli.inputs.row_files import source_of
from ftspec.cli.inputs.run_plan import plan_of
from ftspec.cli.launch.engine_imports import engine_imports, require_engine
from ftspec.cli.launch.processes import require_one_process
from ftspec.cli.syntax.options import format_option
from ftspec.cli.terminal.evaluation_result import evaluation_result
from ftspec.cli.terminal.exits import FINDINGS, Exit
from ftspec.cli.terminal.output import echo, echo_json, echo_result
from ftspec.cli.terminal.run_errors import run_errors_shown
from ftspec.cli.terminal.watchers import make_watcher
from ftspec.engine.hub.connection import Connection
from ftspec.engine.run.opening import require_model
from ftspec.errors import UsageError
from ftspec.manifest import find_damage
from ftspec.rundir import RunDirectory

if TYPE_CHECKING:
    from ftspec.engine.artifacts.evaluate import Evaluation

_NAME = re.compile(r"[\w.+-]{1,100}")
_BOUND = re.compile(r"(?P<metric>[^=\s]+)=(?P<bound>[-+0-9.eE]+)")


@click.command("evaluate")
@click.argument("run_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--split",
    type=click.Choice(["train", "validation", "test"]),
    help="A split of the run. The default is test, or validation if there is no test split.",
)
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Other rows, with the columns of the spec and read as the spec reads its own files.",
)
@click.option(
    "--checkpoint",
    metavar="STEP|latest",
    help="A checkpoint of the run instead of its model.",
)
@click.option(
    "--by",
    multiple=True,
    metavar="COLUMN",
    help="Metrics for each value of this column, too. Repeat it for more columns.",
)
@click.option("--name", help="The name of the evaluation. The default says what is evaluated.")
@click.option(
    "--fail-below",
    "bounds",
    multiple=True,
    metavar="METRIC=VALUE",
    help="Exit with code 1 if a metric is below this value. Repeat it for more metrics.",
)
@format_option
def evaluate_command(
    run_dir: Path,
    split: str | None,
    file: Path | None,
    checkpoint: str | None,
    by: tuple[str, ...],
    name: str | None,
    bounds: tuple[str, ...],
    format_name: str,
) -> None:
    """Measure the model of a run on a split or on other rows.

    Reads the rows as the run in RUN_DIR did. Writes metrics with their uncertainty and every row
    with its prediction to a new folder in RUN_DIR/evaluations.
    """
    if split is not None and file is not None:
        raise UsageError("pass only one of: --split, --file")
    if name is not None and not _NAME.fullmatch(name):
        raise UsageError(
            f'"{name}" is no name of an evaluation; expected letters, digits, ".", "-" or "_"'
        )
    wanted = dict(map(_read_bound, bounds))
    require_one_process("ftspec evaluate")
    run = RunDirectory(run_dir)
    plan = plan_of(run)
    folder = _checkpoint_folder(run, checkpoint)
    source: Any = source_of(file, plan, open_registry()).source if file is not None else None
    require_engine()
    watcher = make_watcher()
    with run_errors_shown(plan, watcher=watcher):
        if folder is None:
            require_model(run)  # before the import of torch, which takes seconds
        connection = Connection(plan)
        with engine_imports():
            from ftspec.engine.artifacts.evaluated_rows import Asked
            from ftspec.engine.artifacts.evaluation import evaluate_run

        connection.settle()
        evaluation, kept = evaluate_run(
            plan,
            run,
            Asked(split, source, by),
            name=name,
            file=file,
            checkpoint=folder,
            watcher=watcher,
        )
    watcher.close()
    if format_name == "json":
        echo_json({"folder": str(kept), **evaluation.to_json()})
    else:
        echo_result(evaluation_result(evaluation, kept))
    _require_bounds(evaluation, wanted)


def _read_bound(written: str) -> tuple[str, float]:
    found = _BOUND.fullmatch(written)
    try:
        return found["metric"], float(found["bound"])  # type: ignore[index]
    except (TypeError, ValueError):
        raise UsageError(
            f'"{written}" is no bound of a metric; expected, for example, f1=0.9'
        ) from None


def _checkpoint_folder(run: RunDirectory, checkpoint: str | None) -> Path | None:
    """The folder of a checkpoint.

    Raises:
        UsageError: there is none, or it is damaged.
    """
    if checkpoint is None:
        return None
    if checkpoint == "latest":
        found = find_checkpoints(run, to_train=False).whole
        if found is None:
            raise UsageError(f'there is no whole checkpoint in "{run.checkpoints}"')
        return found
    folders = {str(step): folder for step, folder in run.checkpoints_by_step()}
    if checkpoint not in folders:
        steps = ", ".join(sorted(folders, key=int)) or "none"
        raise UsageError(
            f'the run has no checkpoint of step "{checkpoint}"; it has those of: {steps}'
        )
    damage = find_damage(folders[checkpoint])
    if damage is not None:
        raise UsageError(f'the checkpoint in "{folders[checkpoint]}" is damaged: {damage}')
    return folders[checkpoint]


def _require_bounds(evaluation: Evaluation, bounds: Mapping[str, float]) -> None:
    """Exit with ``FINDINGS`` if a metric is below its bound.

    Raises:
        UsageError: there is no such metric.
    """
    missed = False
    for metric, bound in bounds.items():
        if metric not in evaluation.metrics:
            known = ", ".join(evaluation.metrics)
            raise UsageError(f'there is no metric "{metric}" to compare; there are: {known}')
        value: Any = evaluation.metrics[metric].value
        if not value >= bound:  # what is no number is below
            missed = True
            echo(f"error: {metric} is {value:.4f}, and must be at least {bound:g}", err=True)
    if missed:
        raise Exit(FINDINGS)
