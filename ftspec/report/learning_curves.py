"""What a run logged, as charts over its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ftspec.report.charts import MOST_SERIES, Chart, Point, Series, has_line
from ftspec.report.numbers import is_number

MOST_CHARTS = 12
_NO_METRICS = ("step", "epoch", "total_flos", "train_loss")
_TIMINGS = ("_runtime", "_per_second", "_preparation_time")
_TITLES = {"loss": "Loss", "learning_rate": "Learning rate", "grad_norm": "Norm of the gradient"}

Lines = dict[str, list[Point]]
"""The points of each set."""


def learning_curves(records: Sequence[Mapping[str, Any]]) -> tuple[list[Chart], str]:
    """A chart of each metric that was logged more than once, the loss first and the learning rate
    second, and what is left out, in words. ``records`` are those of ``metrics.jsonl``."""
    by_metric = logged_lines(records)
    charts = [
        _chart(metric, [Series(name, points) for name, points in lines.items()])
        for metric, lines in sorted(by_metric.items(), key=lambda one: _place(one[0]))
    ]
    drawable = [chart for chart in charts if has_line(chart.series)]
    more = len(drawable) - MOST_CHARTS
    return drawable[:MOST_CHARTS], f"{more} more metrics are in metrics.jsonl" if more > 0 else ""


def logged_lines(records: Sequence[Mapping[str, Any]]) -> dict[str, Lines]:
    """The points over steps of each metric and of each set."""
    found: dict[str, Lines] = {}
    for record in records:
        step = record.get("step")
        if is_number(step):
            for key, value in record.items():
                named = _set_and_metric(key)
                if named is not None and is_number(value):
                    of_set, metric = named
                    found.setdefault(metric, {}).setdefault(of_set, []).append((step, value))
    return found


def _chart(metric: str, series: Sequence[Series]) -> Chart:
    more = len(series) - MOST_SERIES
    left_out = f"{more} more sets are in metrics.jsonl" if more > 0 else ""
    title = _TITLES.get(metric, metric)
    return Chart(title, "step", metric, series[:MOST_SERIES], left_out=left_out)


def _place(metric: str) -> tuple[int, str]:
    first = ("loss", "learning_rate")
    is_cost = metric == "grad_norm"
    return (first.index(metric) if metric in first else 3 if is_cost else 2, metric)


def _set_and_metric(key: str) -> tuple[str, str] | None:
    """The set and the metric of a key that is logged: ``eval_f1`` is of validation,
    ``eval_news/f1`` of the set ``news``."""
    if key in _NO_METRICS or key.endswith(_TIMINGS):
        return None
    if key.startswith("eval_"):
        of_set, slash, metric = key.removeprefix("eval_").partition("/")
        return (of_set, metric) if slash else ("validation", of_set)
    if key.startswith("test_"):
        return "test", key.removeprefix("test_")
    return "training", key
