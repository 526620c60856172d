"""``ftspec runs ls``: what was run, what varied, and how it ended."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import click

from ftspec.cli.terminal.columns import aligned
from ftspec.cli.terminal.output import echo_json, echo_rendered, echo_result
from ftspec.diagnostics.model import printable
from ftspec.quantities import shown_size, shown_time
from ftspec.runs.selection import main_metric, matching, ordered, varied_keys
from ftspec.runs.summary import RunSummary, summaries_in

_LONGEST = 60


@click.command("ls")
@click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default="runs"
)
@click.option(
    "--where",
    "conditions",
    multiple=True,
    metavar="CONDITION",
    help="Only runs for which this holds: status=finished, validation/f1>0.9, "
    "training.learning_rate=1e-4. Repeat it for more.",
)
@click.option(
    "--sort", metavar="KEY", help="Sort by a metric or a number of the spec, the best first."
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="The output format.",
)
def ls_command(
    folder: Path, conditions: tuple[str, ...], sort: str | None, format_name: str
) -> None:
    """List the runs in FOLDER, the newest first.

    Shows what varies among runs of the same name, how each ended, its metric, time and size.
    """
    runs = matching(summaries_in(folder), conditions)
    if sort is not None:
        runs = ordered(runs, sort)
    keys = varied_keys(runs)
    if format_name == "json":
        echo_json([_as_json(run, keys) for run in runs])
    elif format_name == "csv":
        echo_rendered(_as_csv(runs, keys))
    else:
        metric = sort if sort and any(sort in run.metrics for run in runs) else main_metric(runs)
        for line in aligned(_header(metric), [_as_row(run, keys, metric) for run in runs]):
            echo_result(line)
        echo_result(f"{len(runs)} {'run' if len(runs) == 1 else 'runs'} in {folder}")


def _header(metric: str | None) -> tuple[str, ...]:
    return ("run", "status", metric or "metric", "time", "size", "varied")


def _as_row(run: RunSummary, keys: list[str], metric: str | None) -> tuple[str, ...]:
    value = run.metrics.get(metric or "")
    return (
        printable(f"{run.name}/{run.run_dir.path.name}"),
        run.state,
        "" if value is None else f"{value:.4f}",
        "" if run.seconds is None else shown_time(run.seconds),
        shown_size(run.size),
        printable(" ".join(f"{_last(key)}={_short(run.values.get(key))}" for key in keys)),
    )


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _as_json(run: RunSummary, keys: list[str]) -> dict[str, Any]:
    return {
        "path": str(run.run_dir.path),
        "name": run.name,
        "status": run.state,
        "started": run.started.isoformat() if run.started is not None else None,
        "seconds": run.seconds,
        "size": run.size,
        "metrics": dict(run.metrics),
        "varied": {key: run.values.get(key) for key in keys},
    }


def _as_csv(runs: list[RunSummary], keys: list[str]) -> str:
    """A table with a column for each metric and each key that varies."""
    metrics = list(dict.fromkeys(name for run in runs for name in run.metrics))
    facts = ("path", "name", "status", "started", "seconds", "size")
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*facts, *metrics, *keys])
    for run in runs:
        record = _as_json(run, keys)
        writer.writerow(
            [
                *(record[fact] for fact in facts),
                *(run.metrics.get(name) for name in metrics),
                *(run.values.get(key) for key in keys),
            ]
        )
    return stream.getvalue()
