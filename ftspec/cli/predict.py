"""``ftspec predict``: use the model of a run."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ftspec.cli.inputs.installed import open_registry
from ftspec.cli.inputs.row_files import RowSource, source_of
from ftspec.cli.inputs.run_plan import plan_of
from ftspec.cli.inputs.standard_input import STANDARD_INPUT, rows_at_hand
from ftspec.cli.launch.engine_imports import engine_imports, require_engine
from ftspec.cli.launch.processes import require_one_process
from ftspec.cli.syntax.column_values import read_columns
from ftspec.cli.terminal.output import as_json, echo, echo_rendered, echo_result
from ftspec.cli.terminal.run_errors import run_errors_shown
from ftspec.cli.terminal.watchers import PlainWatcher
from ftspec.engine.hub.connection import Connection
from ftspec.engine.progress.run_log import Note
from ftspec.engine.run.opening import require_model
from ftspec.errors import UsageError
from ftspec.files import sha256_of
from ftspec.manifest import MANIFEST
from ftspec.planning.plan import Plan
from ftspec.reading.text_rows import TEXT
from ftspec.rundir import RunDirectory
from ftspec.texts import is_unicode

if TYPE_CHECKING:
    from ftspec.engine.artifacts.predict import Predictor

Row = Mapping[str, Any]
_ENDINGS = (".jsonl", ".json", ".csv", ".parquet")
_SECONDS_BETWEEN_LINES = 10.0


@click.command("predict")
@click.argument("run_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("texts", nargs=-1)
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="Rows with the columns of the spec, read as the spec reads its own files, or one text per "
    "line (.txt); - reads JSON lines from the standard input, and answers each as it comes.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME=VALUE",
    help="A column of one row, for a model that reads several columns. Repeat it for each column. "
    "A field that takes more than text takes a list or an object as JSON.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all rows to this new file, in the format of its ending: .jsonl, .json, .csv or "
    ".parquet. The same command goes on after a kill.",
)
@click.option(
    "--keep",
    is_flag=True,
    help="Keep the columns of the rows beside the predictions, which then begin with predicted_ "
    "where a column has the same name.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json"]),
    help="The output format: text for people, or JSON lines for programs. The default is text, and "
    "json with --file.",
)
@click.option(
    "--generate",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting of GenerationConfig, such as num_beams=4, for a model that generates text. "
    "Repeat it for more settings.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(1),
    default=16,
    show_default=True,
    help="The number of rows in a batch.",
)
def predict_command(
    run_dir: Path,
    texts: tuple[str, ...],
    file: Path | None,
    columns: tuple[str, ...],
    output: Path | None,
    keep: bool,
    format_name: str | None,
    settings: tuple[str, ...],
    batch_size: int,
) -> None:
    """Predict with the model of a run.

    Uses the model in RUN_DIR on TEXTS, on one row given by --column, or on every row of a file or
    of the standard input (-). The templates of the spec apply: each text takes the place of the
    spec's column.
    """
    _require_one_input(texts, columns, file)
    _require_unicode(*texts, *columns)
    if texts == (STANDARD_INPUT,):
        texts, file = (), Path(STANDARD_INPUT)
    is_streamed = file == Path(STANDARD_INPUT)
    if output is not None:
        _require_new_file(output, format_name, is_streamed=is_streamed)
    require_one_process("ftspec predict")
    plan = plan_of(RunDirectory(run_dir))
    values = read_columns(columns, plan)
    source = None
    if file is not None and not is_streamed:
        source = source_of(file, plan, open_registry())
    require_engine()
    with run_errors_shown(plan):
        require_model(RunDirectory(run_dir))  # before the import of torch, which takes seconds
        connection = Connection(plan)
        with engine_imports():
            from ftspec.engine.artifacts.generation_settings import read_settings
            from ftspec.engine.artifacts.predict import open_predictor

        connection.settle()
        watcher = PlainWatcher()
        generation = read_settings(settings, plan) if settings else {}
        predictor = open_predictor(plan, RunDirectory(run_dir), watcher, generation)
        rows: Iterable[Row] = [predictor.from_text(one) for one in texts]
        if source is not None:
            rows = _rows_of(source, plan, predictor, watcher.note, with_all_columns=keep)
        elif values:
            rows = [predictor.from_columns(values)]
        format_name = format_name or ("text" if file is None else "json")
        show = partial(_show_text, predictor) if format_name == "text" else _show_json
        is_of_file = file is not None
        predict = partial(
            _predict, predictor, keeps_columns=keep, batch_size=batch_size, is_of_file=is_of_file
        )
        if output is None:
            for result in _predict_at_hand(predict, batch_size) if is_streamed else predict(rows):
                show(result)
        else:
            asked = (file, texts, columns, settings)
            _write(output, _identity(RunDirectory(run_dir), asked, keep), rows, predict)


def _predict_at_hand(predict: Callable[..., Iterator[Row]], most: int) -> Iterator[Row]:
    """The results for rows of the standard input, as they come."""
    for at_hand in rows_at_hand(sys.stdin.fileno(), most):
        numbers, rows = zip(*at_hand, strict=True)
        yield from predict(rows, first=numbers[0])


def _rows_of(
    source: RowSource, plan: Plan, predictor: Predictor, note: Note, *, with_all_columns: bool
) -> Iterator[Row]:
    """The rows of a file. One that is plain text has a text in each line."""
    from ftspec.engine.data.row_files import read_file

    for row in read_file(source.source, plan, note, with_all_columns=with_all_columns):
        if not source.is_plain_text:
            yield row
        elif row[TEXT].strip():
            yield predictor.from_text(row[TEXT])


def _require_one_input(texts: tuple[str, ...], columns: tuple[str, ...], file: Path | None) -> None:
    """Require exactly one of the ways to give rows, and a known file format."""
    given = sum((bool(texts), bool(columns), file is not None))
    if given == 0:
        raise UsageError('pass a text, as in: ftspec predict RUN_DIR "some text", or --file FILE')
    if given > 1:
        raise UsageError("pass only one of: texts, --column, --file")


def _require_unicode(*written: str) -> None:
    """Refuse half of a character: the command line of a system may hold any bytes."""
    for text in written:
        if not is_unicode(text):
            shown = text.encode("utf-8", "replace").decode()
            raise UsageError(f'"{shown}" is not UTF-8 text')


def _require_new_file(output: Path, format_name: str | None, *, is_streamed: bool) -> None:
    """Refuse a file that is there, or whose ending no format has."""
    if is_streamed:
        raise UsageError("--output does not work with the standard input; redirect the output")
    if format_name == "text":
        raise UsageError("--output writes a file for programs; it does not work with --format text")
    if output.exists():
        raise UsageError(f'"{output}" already exists; choose a new file')
    if output.suffix not in _ENDINGS:
        known = ", ".join(_ENDINGS)
        raise UsageError(f'"{output}" has an unknown format; expected one of {known}')


def _predict(
    predictor: Predictor,
    rows: Iterable[Row],
    *,
    keeps_columns: bool,
    batch_size: int,
    is_of_file: bool,
    first: int = 1,
) -> Iterator[Row]:
    """The results, in the order of the rows, with the columns of each row if they are kept."""
    read: deque[Row] = deque()

    def remembered() -> Iterator[Row]:
        for row in rows:
            read.append(row)
            yield row

    for result in predictor.predict(remembered(), batch_size, are_of_file=is_of_file, first=first):
        row = read.popleft()
        if not keeps_columns:
            yield result
            continue
        named = {f"predicted_{key}" if key in row else key: one for key, one in result.items()}
        yield {**row, **named}


def _identity(run_dir: RunDirectory, given: tuple[Path | None, Any, Any, Any], keep: bool) -> str:
    """What an earlier command must have had in common for its rows to be of use."""
    file, texts, columns, settings = given
    facts = {
        "model": sha256_of(run_dir.model / MANIFEST),
        "file": sha256_of(file) if file is not None else None,
        "texts": texts,
        "columns": columns,
        "keep": keep,
        "generation": settings,
    }
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _write(
    output: Path, identity: str, rows: Iterable[Row], predict: Callable[..., Iterator[Row]]
) -> None:
    """Write the results to a file, after those that an earlier command has written."""
    from ftspec.engine.artifacts.prediction_file import PredictionFile

    with PredictionFile(output, identity) as file:
        if file.begun:
            echo(f"{file.begun:,} rows are there from an earlier command: going on", err=True)
        said = time.monotonic()
        remaining = islice(rows, file.begun, None)
        for count, result in enumerate(
            predict(remaining, first=file.begun + 1), start=file.begun + 1
        ):
            file.write(result)
            if time.monotonic() - said > _SECONDS_BETWEEN_LINES:
                said = time.monotonic()
                echo(f"{count:,} rows", err=True)
        file.finish()


def _show_text(predictor: Predictor, result: Row) -> None:
    echo_result(predictor.show(result))


def _show_json(result: Row) -> None:
    echo_rendered(as_json(result) + "\n")
