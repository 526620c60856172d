"""``ftspec compare``: which of two runs is better, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ftspec.cli.diff import differences_as_json, differences_as_text
from ftspec.cli.inputs.run_plan import plan_of
from ftspec.cli.launch.engine_imports import engine_imports, require_engine
from ftspec.cli.syntax.options import format_option
from ftspec.cli.terminal.columns import aligned
from ftspec.cli.terminal.output import echo_json, echo_result
from ftspec.cli.terminal.run_errors import run_errors_shown
from ftspec.diagnostics.model import printable
from ftspec.errors import UsageError
from ftspec.planning.difference import Difference, compare_plans
from ftspec.quantities import shown_size, shown_time
from ftspec.rundir import RunDirectory
from ftspec.runs.summary import RunSummary, summary_of

if TYPE_CHECKING:
    from ftspec.engine.artifacts.compared_rows import ComparedRows

_SEPARABLE = 0.05
_LONGEST = 60


@click.command("compare")
@click.argument("first", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("second", type=click.Path(exists=True, file_okay=False, path_type=Path))
@format_option
def compare_command(first: Path, second: Path, format_name: str) -> None:
    """Compare two runs: specs, metrics, cost, and common rows.

    Where both runs FIRST and SECOND have an evaluation of the same name on the same rows (see
    ftspec evaluate), a paired test says whether the difference is more than chance.
    """
    runs = RunDirectory(first), RunDirectory(second)
    for run in runs:
        if not run.resolved_spec.is_file():
            raise UsageError(f'"{run.path}" is not a run directory')
    plans = [plan_of(run) for run in runs]
    require_engine()
    with run_errors_shown(plans[0]):
        with engine_imports():
            from ftspec.engine.artifacts.compared_rows import compare_rows

        compared = compare_rows(*runs, seed=plans[0].seed)
    differences = compare_plans(plans[0], plans[1])
    summaries = summary_of(runs[0]), summary_of(runs[1])
    if format_name == "json":
        echo_json(_as_json(summaries, differences, compared))
        return
    for line in _lines(summaries, differences, compared):
        echo_result(line)


def _as_json(
    runs: tuple[RunSummary, RunSummary],
    differences: list[Difference],
    compared: list[ComparedRows],
) -> dict[str, Any]:
    return {
        "runs": [
            {
                "path": str(run.run_dir.path),
                "status": run.state,
                "seconds": run.seconds,
                "size": run.size,
                "metrics": dict(run.metrics),
            }
            for run in runs
        ],
        "differences": differences_as_json(differences),
        "evaluations": [one.to_json() for one in compared],
    }


def _lines(
    runs: tuple[RunSummary, RunSummary],
    differences: list[Difference],
    compared: list[ComparedRows],
) -> Iterator[str]:
    for number, run in enumerate(runs, start=1):
        yield f"{number}: {printable(str(run.run_dir.path))} ({run.state})"
    yield ""
    yield differences_as_text(differences).rstrip() or "the specs are equal"
    yield ""
    yield from _metrics(runs)
    if not compared:
        yield ""
        yield "no common evaluation: ftspec evaluate on both runs tells whether they differ"
    for one in compared:
        yield from _evaluation(one)


def _metrics(runs: tuple[RunSummary, RunSummary]) -> Iterator[str]:
    first, second = runs
    names = [*dict.fromkeys([*first.metrics, *second.metrics])]
    rows = [
        (printable(name), _number(first.metrics.get(name)), _number(second.metrics.get(name)))
        for name in names
    ]
    times = [shown_time(run.seconds) if run.seconds is not None else "" for run in runs]
    sizes = [shown_size(run.size) for run in runs]
    yield from aligned(("", "1", "2"), [*rows, ("time", *times), ("size", *sizes)])


def _evaluation(one: ComparedRows) -> Iterator[str]:
    first, second = one.metrics
    yield ""
    yield f"evaluation {printable(one.name)}, on the same {one.rows:,} rows"
    names = [*dict.fromkeys([*first, *second])]
    yield from aligned(
        ("", "1", "2"),
        [
            (printable(name), _with_interval(first, name), _with_interval(second, name))
            for name in names
        ],
    )
    for test in one.tests:
        verdict = "more than chance" if test.p < _SEPARABLE else "not separable"
        yield (
            f"{test.name}: p = {test.p:.4f}, {verdict}; only 1 is right or better on "
            f"{test.only_first:,} rows, only 2 on {test.only_second:,}"
        )
    if one.examples:
        yield from aligned(
            ("row", "reference", "1", "2"),
            [
                (
                    str(example["row"]),
                    *(
                        printable(str(example[key]))[:60]
                        for key in ("reference", "first", "second")
                    ),
                )
                for example in one.examples
            ],
        )


def _with_interval(metrics: Mapping[str, Any], name: str) -> str:
    found = metrics.get(name)
    if not isinstance(found, dict) or not isinstance(found.get("value"), (int, float)):
        return ""
    if "low" not in found:
        return _number(found["value"])
    return f"{found['value']:.4f} ({found['low']:.4f} to {found['high']:.4f})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
