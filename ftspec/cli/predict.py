"""``ftspec predict``: use the model of a run."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
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


Row = Mapping[str, Any]


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
    if texts and file is not None:
        raise UsageError("pass texts or --file, and not both")
    if file is not None and file.suffix.lower() not in _READERS:
        raise UsageError(f'"{file}" must be one of {", ".join(_READERS)}')
    if output is not None and output.exists():
        raise UsageError(f"{output} exists, and is not overwritten")
    plan = _plan_of(RunDirectory(run_dir))
    require_engine()
    prepare_connection(plan)
    from ftspec.engine.predict import open_predictor

    try:
        predictor = open_predictor(plan, RunDirectory(run_dir), PlainWatcher())
        rows: Iterable[Row] = [predictor.from_text(one) for one in texts]
        if file is not None:
            rows = _rows_of(file, predictor.from_text)
        _show(
            predictor.predict(rows, batch_size), output, as_json=as_json or file is not None
        )
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


def _rows_of(file: Path, from_text: Callable[[str], Row]) -> Iterator[Row]:
    """The rows of a file, read as they are asked for.

    Raises:
        RunError: the file is not what its name says.
    """
    suffix = file.suffix.lower()
    with file.open(encoding="utf-8-sig", newline="" if suffix == ".csv" else None) as stream:
        try:
            yield from _READERS[suffix](stream, from_text)
        except (ValueError, csv.Error) as error:
            raise RunError(
                f'cannot read "{file}" as {suffix[1:]}: {error}', slug="unreadable-data"
            ) from None


def _json_lines(stream: TextIO, from_text: object) -> Iterator[Row]:
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ValueError(f"line {number} is no JSON: {error}") from None
        yield _checked(row, f"line {number}")


def _json_array(stream: TextIO, from_text: object) -> Iterator[Row]:
    rows = json.load(stream)
    if not isinstance(rows, list):
        raise ValueError("it must be an array of objects")
    yield from (_checked(row, f"item {number}") for number, row in enumerate(rows, start=1))


def _checked(row: Any, where: str) -> Row:
    if not isinstance(row, dict):
        raise ValueError(f"{where} must be an object with the columns of the spec")
    return row


def _csv_rows(stream: TextIO, from_text: object) -> Iterator[Row]:
    csv.field_size_limit(sys.maxsize)  # the default of 128 KiB is less than a long document
    yield from csv.DictReader(stream)


def _text_lines(stream: TextIO, from_text: Callable[[str], Row]) -> Iterator[Row]:
    return (from_text(line.rstrip("\n")) for line in stream if line.strip())


_READERS: dict[str, Callable[[TextIO, Callable[[str], Row]], Iterator[Row]]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json_array,
    ".csv": _csv_rows,
    ".txt": _text_lines,
}


def _show(results: Iterable[Row], output: Path | None, *, as_json: bool) -> None:
    """Write the results as they come. The file is made with the first: a mistake that shows at once
    leaves none in the way of the next try."""
    stream = None
    try:
        for result in results:
            if output is None:
                click.echo(json.dumps(result, ensure_ascii=False) if as_json else _line(result))
                continue
            stream = stream or output.open("x", encoding="utf-8")
            stream.write(json.dumps(result, ensure_ascii=False) + "\n")
    finally:
        if stream is not None:
            stream.close()


def _line(result: Row) -> str:
    """A result for people."""
    if "scores" not in result:
        return str(result.get("text", result.get("value", json.dumps(result, ensure_ascii=False))))
    given = result["label"] if "label" in result else ", ".join(result["labels"]) or "(none)"
    scores = sorted(result["scores"].items(), key=lambda item: -item[1])[:5]
    return f"{given}  (" + ", ".join(f"{name} {score:.3f}" for name, score in scores) + ")"
