"""``ftspec predict``: use the model of a run."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

import click

from ftspec.cli.exits import FINDINGS, Exit
from ftspec.cli.heavy import require_engine
from ftspec.cli.watching import PlainWatcher
from ftspec.diagnostics.model import Collector, Diagnostic
from ftspec.diagnostics.render import text as text_renderer
from ftspec.document.load import read_source
from ftspec.engine.connection import prepare_connection
from ftspec.errors import RunError, SpecError, UsageError
from ftspec.linting import examine
from ftspec.planning.plan import Plan
from ftspec.registry.discover import build_registry
from ftspec.rundir import RunDirectory


@click.command("predict")
@click.argument("run_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("texts", nargs=-1)
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Rows with the columns of the spec (.jsonl, .json, .csv), or a text for each line (.txt).",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write JSON lines to this new file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")
@click.option("--batch-size", type=click.IntRange(1), default=16, show_default=True)
def predict_command(
    run_dir: Path,
    texts: tuple[str, ...],
    file: Path | None,
    output: Path | None,
    as_json: bool,
    batch_size: int,
) -> None:
    """Predict with the model in RUN_DIR, for TEXTS or for every row of a file.

    The templates of the spec apply: a text is put where the spec's column stood.
    """
    if not texts and file is None:
        raise UsageError('pass a text, as in: ftspec predict RUN_DIR "some text", or --file FILE')
    if output is not None and output.exists():
        raise UsageError(f"{output} exists, and is not overwritten")
    plan = _plan_of(RunDirectory(run_dir))
    require_engine()
    prepare_connection(plan)
    from ftspec.engine.predict import open_predictor

    try:
        predictor = open_predictor(plan, RunDirectory(run_dir), PlainWatcher())
        rows: Iterable[Mapping[str, Any]] = [predictor.from_text(one) for one in texts]
        if file is not None:
            rows = _rows_of(file, predictor.from_text)
        with ExitStack() as stack:
            stream = stack.enter_context(output.open("x", encoding="utf-8")) if output else None
            for result in predictor.predict(rows, batch_size):
                _show(result, stream, as_json=as_json or file is not None)
    except RunError as error:
        finding = Diagnostic(slug=error.slug, headline=error.headline, helps=error.helps)
        click.echo(text_renderer.render([finding]), err=True, nl=False)
        raise Exit(FINDINGS) from None


def _plan_of(run_dir: RunDirectory) -> Plan:
    """The plan of a run, read from its resolved spec like any other spec."""
    if not run_dir.resolved_spec.is_file():
        raise UsageError(
            f"{run_dir.path} is no run directory: it has no {run_dir.resolved_spec.name}"
        )
    found = Collector()
    source = read_source(run_dir.resolved_spec, found)
    if source is None:
        raise SpecError(tuple(found))
    # secrets are not needed to predict, and may not be set here
    verdict = examine(source, build_registry(), environment=_AnyVariable())
    if verdict.plan is None:
        raise SpecError(verdict.diagnostics)
    return verdict.plan


class _AnyVariable(dict[str, str]):
    """An environment in which every variable is set, to nothing."""

    def get(self, key: str, default: Any = None) -> Any:
        return default if default is not None else ""


def _rows_of(file: Path, from_text: Any) -> Iterator[Mapping[str, Any]]:
    suffix = file.suffix.lower()
    with file.open(encoding="utf-8", newline="" if suffix == ".csv" else None) as stream:
        if suffix == ".csv":
            yield from csv.DictReader(stream)
        elif suffix in (".jsonl", ".ndjson"):
            yield from _json_lines(stream, file)
        elif suffix == ".json":
            yield from json.load(stream)
        elif suffix == ".txt":
            yield from (from_text(line.rstrip("\n")) for line in stream if line.strip())
        else:
            raise UsageError(f'"{file}" must be a .jsonl, .json, .csv or .txt file')


def _json_lines(stream: TextIO, file: Path) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UsageError(f"{file}:{number}: not JSON: {error}") from None
        if not isinstance(row, dict):
            raise UsageError(f"{file}:{number}: expected an object with the columns of the spec")
        yield row


def _show(result: Mapping[str, Any], stream: TextIO | None, *, as_json: bool) -> None:
    line = json.dumps(result, ensure_ascii=False)
    if stream is not None:
        stream.write(line + "\n")
    elif as_json:
        click.echo(line)
    elif "scores" in result:
        given = result["label"] if "label" in result else ", ".join(result["labels"]) or "(none)"
        scores = sorted(result["scores"].items(), key=lambda item: -item[1])[:5]
        click.echo(f"{given}  (" + ", ".join(f"{name} {score:.3f}" for name, score in scores) + ")")
    else:
        click.echo(str(result.get("text", result.get("value", line))))
