"""The page of ``ftspec compare``: runs side by side, and whether they really differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ftspec.quantities import shown_amount, shown_duration
from ftspec.report.charts import MOST_SERIES, Chart, Series, has_line
from ftspec.report.learning_curves import logged_lines
from ftspec.report.numbers import is_number, shown_cell, shown_count, shown_metric
from ftspec.report.pages import render_page
from ftspec.report.run_files import RunFiles
from ftspec.report.tables import Column, Table, counted_out, shortened
from ftspec.runs.repeated_metrics import is_repeated
from ftspec.runs.summary import RunSummary
from ftspec.runs.verdicts import verdict_of_rows, verdict_of_seeds

_MOST_CHARTS = 8
_MOST_VALUES = 100


def render_comparison(runs: Sequence[RunSummary], facts: Mapping[str, Any]) -> str:
    """The page.

    Args:
        runs: in the order of their numbers, from 1.
        facts: what ``ftspec compare --format json`` prints.

    Raises:
        MissingExtraError: a package is not installed.
    """
    return render_page(
        "comparison",
        title=" and ".join(dict.fromkeys(run.name for run in runs)),
        count=len(runs),
        runs=_runs(runs),
        metrics=_metrics(runs),
        seeds=_seeds(facts),
        data=_data(facts, len(runs)),
        evaluations=list(_evaluations(facts, len(runs) - 1)),
        differences=_differences(facts, len(runs)),
        curves=list(_curves(runs)),
        cost=_cost(runs),
    )


def _numbers(count: int, *, is_number: bool = True) -> list[Column]:
    return [Column(f"run {number}", is_number) for number in range(1, count + 1)]


def _runs(runs: Sequence[RunSummary]) -> Table:
    rows = [
        (
            str(number),
            run.name,
            run.run_dir.path.name,
            run.state,
            f"{run.started:%Y-%m-%d %H:%M} UTC" if run.started is not None else "",
        )
        for number, run in enumerate(runs, start=1)
    ]
    columns = (Column("run", True), *map(Column, ("name", "folder", "status", "started")))
    return Table("Runs", columns, rows)


def _metrics(runs: Sequence[RunSummary]) -> Table | None:
    names = dict.fromkeys(name for run in runs for name in run.metrics)
    rows = [
        (name, *(shown_metric(run.metrics[name]) if name in run.metrics else "" for run in runs))
        for name in sorted(names, key=lambda name: (name.startswith("train/"), "/loss" in name))
    ]
    columns = (Column("metric"), *_numbers(len(runs)))
    return Table("Final metrics", columns, rows) if rows else None


def _cost(runs: Sequence[RunSummary]) -> Table:
    accounts = [RunFiles(run.run_dir).performance for run in runs]
    speeds = [_part(one, "speed") for one in accounts]
    rows = [
        (
            "time",
            *("" if run.seconds is None else shown_duration(run.seconds) for run in runs),
        ),
        ("tokens a second", *(shown_count(one.get("tokens_per_second")) for one in speeds)),
        (
            "arithmetic",
            *(
                shown_amount(one["flop_per_second"], "FLOP/s")
                if is_number(one.get("flop_per_second"))
                else ""
                for one in speeds
            ),
        ),
        ("size of the run directory", *(shown_amount(run.size, "B") for run in runs)),
    ]
    shown = [row for row in rows if any(row[1:])]
    return Table("Cost", (Column("what"), *_numbers(len(runs))), shown)


def _part(account: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = account.get(name)
    return found if isinstance(found, dict) else {}


def _differences(facts: Mapping[str, Any], count: int) -> Table | None:
    found = facts.get("differences", [])
    rows = [
        (
            str(one.get("path")),
            *(shortened(_written(value)) for value in one.get("values", [])),
            str(one.get("effect") or ""),
        )
        for one in found[:_MOST_VALUES]
    ]
    columns = (Column("key"), *_numbers(count, is_number=False), Column("what it changes"))
    left_out = counted_out(len(found), _MOST_VALUES, "values")
    return Table("Values that differ", columns, rows, left_out) if rows else None


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _data(facts: Mapping[str, Any], count: int) -> Table | None:
    rows = [
        (str(one.get("set")), *(shown_count(rows) or "?" for rows in one.get("rows", [])))
        for one in facts.get("data", [])
    ]
    columns = (Column("set"), *_numbers(count))
    return Table("Sets whose encoded rows differ", columns, rows) if rows else None


def _seeds(facts: Mapping[str, Any]) -> Table | None:
    """The means over seeds of each variant, and whether others differ from the first."""
    seeds, variants = facts.get("seeds", []), facts.get("variants", [])
    if not seeds:
        return None
    names = [f"runs {', '.join(map(str, variant))}" for variant in variants]
    rows = []
    for one in seeds:
        spreads, tests = one["variants"], one["p"]
        verdicts = [
            _verdict_of_seeds(p, spreads[0], other)
            for p, other in zip(tests, spreads[1:], strict=True)
        ]
        rows.append((str(one["metric"]), *map(_spread, spreads), *verdicts))
    columns = (
        Column("metric"),
        *(Column(name, True) for name in names),
        *(Column(f"{name} against the first") for name in names[1:]),
    )
    return Table("Means and standard deviations over seeds (p of Welch's t-test)", columns, rows)


def _spread(spread: Mapping[str, Any] | None) -> str:
    if spread is None:
        return ""
    deviation = spread.get("deviation")
    after = f" ± {shown_metric(deviation)}" if is_number(deviation) else ""
    return shown_metric(spread.get("mean")) + after


def _verdict_of_seeds(
    p: float | None, first: Mapping[str, Any] | None, other: Mapping[str, Any] | None
) -> str:
    if first is None or other is None:
        return ""
    return verdict_of_seeds(p, min(first.get("seeds", 1), other.get("seeds", 1)))


def _evaluations(facts: Mapping[str, Any], tests: int) -> Iterator[dict[str, Any]]:
    """Each common evaluation: its metrics, tests and rows that only one gets right."""
    for one in facts.get("evaluations", []):
        first, second = one["runs"]
        columns = (Column("metric"), Column(f"run {first}", True), Column(f"run {second}", True))
        both = [{name: pair[at] for name, pair in one["metrics"].items()} for at in (0, 1)]
        metrics = [
            (name, *map(_with_interval, pair))
            for name, pair in one["metrics"].items()
            if not all(is_repeated(name, values) for values in both)
        ]
        yield {
            "title": f"Evaluation “{one['name']}”: run {first} and run {second}",
            "about": f"the same {shown_count(one['rows'])} rows",
            "metrics": Table("Metrics with 95 % intervals", columns, metrics),
            "tests": [_said_of_test(test, first, second, tests) for test in one["tests"]],
            "examples": _examples(one["examples"], first, second),
        }


def _with_interval(value: Any) -> str:
    if not isinstance(value, dict) or not is_number(value.get("value")):
        return ""
    between = ""
    if is_number(value.get("low")):
        between = f" ({shown_metric(value['low'])} to {shown_metric(value['high'])})"
    return shown_metric(value["value"]) + between


def _said_of_test(test: Mapping[str, Any], first: int, second: int, tests: int) -> str:
    only = test["only_first"], test["only_second"]
    runs = f"run {first}", f"run {second}"
    return verdict_of_rows(test["name"], test["p"], only, runs, tests)


def _examples(examples: Sequence[Mapping[str, Any]], first: int, second: int) -> Table | None:
    rows = [
        tuple(
            shortened(shown_cell(one.get(key))) for key in ("row", "reference", "first", "second")
        )
        for one in examples
    ]
    columns = (
        *(Column("row", True), Column("reference")),
        *(Column(f"run {first}"), Column(f"run {second}")),
    )
    return Table("Rows that only one gets right", columns, rows) if rows else None


def _curves(runs: Sequence[RunSummary]) -> Iterator[Chart]:
    """The learning curves of all runs over each other, a chart for each set and metric."""
    found: dict[tuple[str, str], list[Series]] = {}
    for number, run in list(enumerate(runs, start=1))[:MOST_SERIES]:
        files = RunFiles(run.run_dir)
        for metric, lines in logged_lines(files.logged).items():
            for of_set, points in lines.items():
                series = Series(f"run {number}", points)
                found.setdefault((of_set, metric), []).append(series)
    more = len(runs) - MOST_SERIES
    left_out = f"the first {MOST_SERIES} of {len(runs)} runs" if more > 0 else ""
    ordered = sorted(found.items(), key=lambda one: (one[0][1] != "loss", one[0][0] == "training"))
    charts = (
        Chart(f"{of_set} {metric.replace('_', ' ')}", "step", metric, series, left_out=left_out)
        for (of_set, metric), series in ordered
        if has_line(series) and metric != "grad_norm"
    )
    yield from list(charts)[:_MOST_CHARTS]
