"""``ftspec evaluate``: how good a model is, on any rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ftspec.cli.inputs.chosen_checkpoints import checkpoints_of
from ftspec.cli.inputs.evaluation_subject import Examined, data_of, subject_of
from ftspec.cli.inputs.installed import open_registry
from ftspec.cli.inputs.row_files import source_of
from ftspec.cli.launch.engine_imports import engine_imports, require_engine
from ftspec.cli.launch.processes import require_one_process
from ftspec.cli.syntax.options import format_option, profile_option, set_option
from ftspec.cli.terminal.evaluation_result import evaluation_result, evaluations_result
from ftspec.cli.terminal.exits import FINDINGS, Exit
from ftspec.cli.terminal.output import echo, echo_json, echo_result
from ftspec.cli.terminal.run_errors import run_errors_shown
from ftspec.cli.terminal.watchers import make_watcher
from ftspec.engine.hub.connection import Connection, needs_hub
from ftspec.engine.run.opening import require_model
from ftspec.errors import UsageError
from ftspec.planning.plan import Plan
from ftspec.registry.registry import Registry

if TYPE_CHECKING:
    from ftspec.engine.artifacts.evaluate import Evaluation

_NAME = re.compile(r"[\w.+-]{1,100}")
_BOUND = re.compile(r"(?P<metric>[^=\s]+)=(?P<bound>[-+0-9.eE]+)")


@click.command("evaluate")
@click.argument("target", metavar="RUN_DIR|SPEC", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--split",
    metavar="NAME",
    help="train, validation, test, or a set of data.evaluation. The default is test, or "
    "validation if there is no test split.",
)
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Other rows, with the columns of the spec and read as the spec reads its own files.",
)
@click.option(
    "--data",
    "data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="SPEC",
    help="The rows of another spec, with its source, splits, sets, transforms and template.",
)
@click.option(
    "--checkpoint",
    metavar="STEP|latest|best|all",
    help="A checkpoint of the run instead of its model, or each of them.",
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
@profile_option
@set_option
@format_option
def evaluate_command(
    target: Path, profile: str | None, overrides: tuple[str, ...], **given: Any
) -> None:
    """Measure the model of a run or of a spec, on any rows.

    Reads the rows as the run in RUN_DIR did, or as SPEC says. Writes metrics with their uncertainty
    and every row with its prediction to a new folder in RUN_DIR/evaluations, or, for a SPEC, in a
    new folder beside its runs.
    """
    request = _Request(**given)
    request.require_sense(is_run=target.is_dir())
    wanted = dict(map(_read_bound, request.bounds))
    require_one_process("ftspec evaluate")
    registry = open_registry()
    examined = subject_of(target, registry, profile=profile, overrides=overrides)
    made = _evaluate(request, examined, registry)
    if request.format_name == "json":
        facts = [{"folder": str(kept), **evaluation.to_json()} for evaluation, kept in made]
        echo_json({"evaluations": facts} if request.checkpoint == "all" else facts[0])
    elif request.checkpoint == "all":
        echo_result(evaluations_result(made))
    else:
        echo_result(evaluation_result(*made[0]))
    _require_bounds(made[0][0], wanted)


@dataclass(frozen=True)
class _Request:
    """The options of the command line."""

    split: str | None
    file: Path | None
    data: Path | None
    checkpoint: str | None
    by: tuple[str, ...]
    name: str | None
    bounds: tuple[str, ...]
    format_name: str

    def require_sense(self, *, is_run: bool) -> None:
        """Refuse options that contradict each other.

        Raises:
            UsageError: they do.
        """
        if self.file is not None and (self.split is not None or self.data is not None):
            other = "--split" if self.split is not None else "--data"
            raise UsageError(f"pass only one of: {other}, --file")
        if self.name is not None and not _NAME.fullmatch(self.name):
            raise UsageError(
                f'"{self.name}" is no name of an evaluation; expected letters, digits, ".", "-" '
                'or "_"'
            )
        if self.checkpoint is not None and not is_run:
            raise UsageError("--checkpoint is for runs; a spec names its checkpoint")
        if self.checkpoint == "all" and (self.bounds or self.name is not None):
            other = "--fail-below" if self.bounds else "--name"
            raise UsageError(f"{other} is for one evaluation; pass one checkpoint")


def _evaluate(
    request: _Request, examined: Examined, registry: Registry
) -> list[tuple[Evaluation, Path]]:
    """Evaluate the model, or each of the checkpoints."""
    subject, document = examined
    plan, run_dir = subject.plan, subject.run_dir
    folders: list[Path] | list[None] = [None]
    if run_dir is not None and request.checkpoint is not None:
        folders = checkpoints_of(run_dir, request.checkpoint)
    source: Any = None
    if request.file is not None:
        source = source_of(request.file, plan, registry).source
    other: Plan | None = None
    if request.data is not None:
        other = data_of(request.data, plan, registry)
    require_engine()
    watcher = make_watcher()
    with run_errors_shown(plan, document, watcher=watcher):
        if run_dir is not None and folders == [None]:
            require_model(run_dir)  # before the import of torch, which takes seconds
        connection = Connection(_with_hub(plan, other))
        with engine_imports():
            from ftspec.engine.artifacts.evaluated_rows import Asked
            from ftspec.engine.artifacts.evaluation import evaluate_model

        connection.settle()
        made = [
            evaluate_model(
                subject,
                Asked(
                    request.split, source, request.by, other, needs_references=bool(request.bounds)
                ),
                name=request.name,
                file=request.file,
                checkpoint=folder,
                watcher=watcher,
            )
            for folder in folders
        ]
    watcher.close()
    return made


def _with_hub(plan: Plan, other: Plan | None) -> Plan:
    """The one of two plans that reads from the Hub, if one does."""
    return other if other is not None and not needs_hub(plan) else plan


def _read_bound(written: str) -> tuple[str, float]:
    found = _BOUND.fullmatch(written)
    try:
        return found["metric"], float(found["bound"])  # type: ignore[index]
    except (TypeError, ValueError):
        raise UsageError(
            f'"{written}" is no bound of a metric; expected, for example, f1=0.9'
        ) from None


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
