"""What people read of an evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ftspec.cli.terminal.columns import aligned
from ftspec.cli.terminal.groups import groups_shown
from ftspec.diagnostics.model import printable
from ftspec.runs.repeated_metrics import is_repeated

if TYPE_CHECKING:
    from ftspec.engine.artifacts.evaluate import Evaluation, Value

_MOST_CLASSES = 20
_MOST_PAIRS = 5
_MOST_METRICS = 6
_MOST_ROWS = 20
_MOST_CHARACTERS = 40
_OWN_FORM = ("classes", "confused", "confusion", "calibration")


def evaluation_result(evaluation: Evaluation, folder: Path) -> str:
    """The metrics with their intervals, tables, and where all of it is."""
    return "\n".join(_lines(evaluation, folder))


def evaluations_result(made: Sequence[tuple[Evaluation, Path]]) -> str:
    """The metrics of several checkpoints, one line each, and where all of it is."""
    names = list(_shown(made[0][0]))[:_MOST_METRICS]
    rows = [
        (
            folder.name.rpartition("checkpoint-")[2],
            *(f"{evaluation.metrics[name].value:.4f}" for name in names),
        )
        for evaluation, folder in made
    ]
    parent = made[0][1].parent
    shown = parent.relative_to(Path.cwd()) if parent.is_relative_to(Path.cwd()) else parent
    table = list(aligned(("step", *map(printable, names)), rows))
    if made[0][0].without:
        table = [_no_metrics(made[0][0])]
    return "\n".join(("", *table, "", f"evaluations  {shown}"))


def _lines(evaluation: Evaluation, folder: Path) -> Iterator[str]:
    yield ""
    if evaluation.without:
        yield f"{evaluation.rows:,} rows are predicted; {_no_metrics(evaluation)}"
    metrics = _shown(evaluation)
    width = max(map(len, metrics), default=0)
    for name, value in metrics.items():
        between = ""
        if value.interval is not None:
            low, high, resamples = value.interval
            fewer = "" if resamples >= 900 else f", from {resamples} resamples"
            between = f"  ({low:.4f} to {high:.4f}{fewer})"
        yield f"{printable(name).ljust(width)}  {value.value:.4f}{between}"
    intervals = [value.interval for value in evaluation.metrics.values() if value.interval]
    if intervals:
        rows = f"{evaluation.rows:,} row" + ("" if evaluation.rows == 1 else "s")
        yield f"in brackets: 95 % intervals, bootstrap over {rows}"
    if any(low == high for low, high, _ in intervals):
        yield "where both ends are equal, no row differs: other rows may"
    if evaluation.unknown:
        yield (
            f"{evaluation.unknown:,} rows have a label that training did not have: they count as "
            "errors"
        )
    yield from groups_shown(evaluation.groups)
    yield from _classes(evaluation)
    yield from _other_tables(evaluation)
    shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    yield ""
    yield f"metrics  {shown / 'metrics.json'}"
    yield f"rows     {shown / 'rows.parquet'}"
    yield f"report   {shown / 'report.html'}"


def _shown(evaluation: Evaluation) -> dict[str, Value]:
    """The metrics, without those that repeat others."""
    values = {name: one.value for name, one in evaluation.metrics.items()}
    return {name: one for name, one in evaluation.metrics.items() if not is_repeated(name, values)}


def _no_metrics(evaluation: Evaluation) -> str:
    return f"no metrics, since {printable(evaluation.without)}"


def _classes(evaluation: Evaluation) -> Iterator[str]:
    classes = evaluation.tables.get("classes", [])
    if not classes:
        return
    yield ""
    yield from aligned(
        ("class", "precision", "recall", "f1", "rows"),
        [
            (
                printable(one["class"]),
                *(f"{one[name]:.4f}" for name in ("precision", "recall", "f1")),
                f"{one['rows']:,}",
            )
            for one in classes[:_MOST_CLASSES]
        ],
    )
    if len(classes) > _MOST_CLASSES:
        yield f"and {len(classes) - _MOST_CLASSES:,} more classes in metrics.json"
    confused = evaluation.tables.get("confused", [])[:_MOST_PAIRS]
    if confused:
        yield ""
        yield from aligned(
            ("reference", "predicted as", "rows", "such as row"),
            [
                (
                    printable(one["reference"]),
                    printable(one["prediction"]),
                    f"{one['rows']:,}",
                    str(one["example"]),
                )
                for one in confused
            ],
        )


def _other_tables(evaluation: Evaluation) -> Iterator[str]:
    for name, rows in evaluation.tables.items():
        if name in _OWN_FORM or not rows:
            continue
        yield ""
        yield from aligned(
            tuple(map(printable, rows[0])),
            [tuple(map(_cell, row.values())) for row in rows[:_MOST_ROWS]],
        )
        if len(rows) > _MOST_ROWS:
            yield f"and {len(rows) - _MOST_ROWS:,} more rows of {printable(name)} in metrics.json"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, int):
        return f"{value:,}"
    text = printable("" if value is None else str(value))
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"
