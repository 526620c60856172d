"""What an evaluation says, from the files in its folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ftspec.report.charts import MOST_SERIES, Chart, Series, clean_points
from ftspec.report.confusion import confusion_table
from ftspec.report.evaluated_rows import EvaluatedRows
from ftspec.report.numbers import is_number, shown_count, shown_metric
from ftspec.report.tables import Column, Table, counted_out, shortened, table_of
from ftspec.runs.repeated_metrics import is_repeated

MOST_ROWS = 20
"""Rows of each kind on the page of an evaluation."""
_MOST_CLASSES = 30
_MOST_PAIRS = 10
_MOST_GROUPS = 30
_MOST_TABLE_ROWS = 30
_MOST_CURVES = 12
_CAPTIONS = {"classes": "Classes"}
_OWN = ("confusion", "confused", "calibration", "worst")  # tables that are shown in their own way


@dataclass(frozen=True)
class EvaluationFacts:
    """One evaluation, for a page.

    Attributes:
        folder: its files.
        name: that of the folder, unless it is not there yet.
        most_rows: how many rows of each kind are shown.
    """

    folder: Path
    name: str
    most_rows: int = MOST_ROWS

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """``metrics.json``; empty if it cannot be read."""
        try:
            found = json.loads((self.folder / "metrics.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @cached_property
    def rows(self) -> EvaluatedRows:
        """Its rows."""
        return EvaluatedRows(self.folder / "rows.parquet")

    @property
    def about(self) -> str:
        """What was evaluated, in words."""
        file, of_split = self.content.get("file"), self.content.get("split")
        what = f"file {file}" if file else f"set {of_split}" if of_split else self.name
        what += f" of the spec {self.content['data']}" if self.content.get("data") else ""
        checkpoint = self.content.get("checkpoint", "model")
        model = "" if checkpoint == "model" else f", at {checkpoint}"
        only = ", predictions only" if self.content.get("has_references") is False else ""
        return f"{shown_count(self.content.get('rows'))} rows of the {what}{model}{only}"

    @property
    def note(self) -> str:
        """Why there are no metrics."""
        return str(self.content.get("note") or "")

    @property
    def unknown(self) -> str:
        """How many answers training did not have."""
        count = self.content.get("unknown_answers")
        return shown_count(count) if is_number(count) and count else ""

    @cached_property
    def metrics(self) -> Table | None:
        """Each metric with its interval."""
        values = self._mapping("metrics")
        rows = [
            (name, *_value_and_interval(value))
            for name, value in values.items()
            if not is_repeated(name, values)
        ]
        if self._calibration_error is not None:
            rows.append(("calibration error", shown_metric(self._calibration_error), ""))
        columns = (Column("metric"), Column("value", True), Column("95 % interval", True))
        return Table("Metrics", columns, rows) if rows else None

    def interval_of(self, metric: str) -> str:
        """The interval of a metric; empty if it has none."""
        return _value_and_interval(self._mapping("metrics").get(metric))[1]

    @property
    def groups(self) -> list[Table]:
        """The metrics of the rows of each value of a column."""
        return [
            groups_table(str(column), groups)
            for column, groups in self._mapping("by").items()
            if isinstance(groups, dict) and groups
        ]

    @cached_property
    def tables(self) -> list[Table]:
        """The confusion matrix, and the tables of classes and of plugins."""
        found = [confusion_table(self._tables.get("confusion"))]
        for name, rows in self._tables.items():
            if name not in _OWN and isinstance(rows, list):
                most = _MOST_CLASSES if name == "classes" else _MOST_TABLE_ROWS
                found.append(table_of(_CAPTIONS.get(name, _titled(name)), rows, most))
        return [table for table in found if table is not None]

    @property
    def confused(self) -> Table | None:
        """The pairs of classes that are confused most often, each with a row."""
        pairs = [one for one in self._list("confused") if isinstance(one, dict)]
        rows = [
            (
                shortened(str(one.get("reference"))),
                str(one.get("prediction")),
                shown_count(one.get("rows")),
                self.rows.texts_of(one.get("example")),
            )
            for one in pairs[:_MOST_PAIRS]
        ]
        columns = (Column("reference"), Column("predicted as"), Column("rows", True))
        left_out = counted_out(len(pairs), _MOST_PAIRS, "pairs")
        caption = "Classes that are taken for others"
        return Table(caption, (*columns, Column("such as")), rows, left_out) if rows else None

    @property
    def worst(self) -> list[Table]:
        """Rows to look at: confused pairs, confident mistakes and high losses, or the first."""
        mistakes, losses = self.rows.mistakes(self.most_rows), None
        if mistakes is None or self.most_rows >= MOST_ROWS:
            losses = self.rows.worst_losses(self.most_rows)
        numbers = [one.get("row") for one in self._list("worst") if isinstance(one, dict)]
        worst = self.rows.numbered(numbers, "The worst rows", self.most_rows)
        found = (self.confused, mistakes, worst, losses)
        tables = [table for table in found if table is not None]
        first = self.rows.first(self.most_rows) if not tables else None
        return [first] if first is not None else tables

    @cached_property
    def charts(self) -> list[Chart]:
        """Its curves."""
        curves = {
            name: curve
            for name, curve in self._mapping("curves").items()
            if isinstance(curve, dict)
        }
        charts = [_chart(name, curve) for name, curve in curves.items()]
        if not any("calibration" in name or "reliab" in name for name in curves):
            charts.append(self._reliability())
        return [chart for chart in charts if chart is not None][:_MOST_CURVES]

    def _reliability(self) -> Chart | None:
        """How often predictions of a score are right, from the bins."""
        bins = self._tables.get("calibration")
        bins = bins.get("bins") if isinstance(bins, dict) else None
        if not isinstance(bins, list):
            return None
        points = clean_points([(one.get("score"), one.get("right")) for one in bins])
        if len(points) < 2:
            return None
        series = (Series("predictions", points), _DIAGONAL)
        return Chart("Reliability", "score", "share that is right", series)

    @property
    def _calibration_error(self) -> float | None:
        calibration = self._tables.get("calibration")
        error = calibration.get("expected_error") if isinstance(calibration, dict) else None
        known = {str(name).replace("-", "_") for name in self._mapping("metrics")}
        return error if is_number(error) and not known & {"calibration_error"} else None

    @property
    def _tables(self) -> Mapping[str, Any]:
        return self._mapping("tables")

    def _mapping(self, key: str) -> Mapping[str, Any]:
        found = self.content.get(key)
        return found if isinstance(found, dict) else {}

    def _list(self, key: str) -> Sequence[Any]:
        found = self._tables.get(key)
        return found if isinstance(found, list) else []


_DIAGONAL = Series("perfectly calibrated", ((0.0, 0.0), (1.0, 1.0)), is_reference=True)


def _value_and_interval(value: Any) -> tuple[str, str]:
    """A metric of ``metrics.json``."""
    if not isinstance(value, dict):
        return shown_metric(value), ""
    low, high = value.get("low"), value.get("high")
    between = f"{shown_metric(low)} to {shown_metric(high)}" if is_number(low) else ""
    resamples = value.get("resamples")
    if between and is_number(resamples) and resamples < 900:
        between += f" ({shown_count(resamples)} resamples)"
    return shown_metric(value.get("value")), between


def groups_table(column: str, groups: Mapping[str, Any], caption: str = "") -> Table:
    """The metrics of the rows of each value of a column."""
    found = [
        (value, one)
        for value, one in groups.items()
        if isinstance(one, dict) and isinstance(one.get("metrics"), dict)
    ]
    names = list(dict.fromkeys(name for _, one in found for name in one["metrics"]))
    rows = [
        (
            shortened(value),
            shown_count(one.get("rows")),
            *(shown_metric(one["metrics"].get(name)) for name in names),
        )
        for value, one in found[:_MOST_GROUPS]
    ]
    columns = (Column(column), Column("rows", True), *(Column(name, True) for name in names))
    caption = caption or f"By {column}"
    return Table(caption, columns, rows, counted_out(len(found), _MOST_GROUPS, "values"))


def _chart(name: str, curve: Mapping[str, Any]) -> Chart | None:
    """A curve of ``metrics.json``."""
    series = list(_series(curve.get("series")))
    if not series:
        return None
    more = len(series) - MOST_SERIES
    left_out = f"{more} more lines are in metrics.json" if more > 0 else ""
    shown = series[:MOST_SERIES]
    if "roc" in name.lower() or "reliab" in name.lower() or "calibration" in name.lower():
        diagonal = "by chance" if "roc" in name.lower() else _DIAGONAL.name
        shown.append(Series(diagonal, _DIAGONAL.points, is_reference=True))
    is_scatter = "scatter" in name.lower() or "predicted" in name.lower()
    axes = str(curve.get("x", "x")), str(curve.get("y", "y"))
    return Chart(_titled(name), *axes, shown, is_scatter, left_out)


def _series(written: Any) -> Iterator[Series]:
    for one in written if isinstance(written, list) else ():
        points = clean_points(one.get("points", [])) if isinstance(one, dict) else []
        if points:
            area = one.get("area")
            note = f"area {shown_metric(area)}" if is_number(area) else ""
            yield Series(str(one.get("name", "")), points, note)


def _titled(name: str) -> str:
    """The name of a curve as a title: ``precision_recall`` is "Precision recall"."""
    known = {"roc": "ROC", "precision_recall": "Precision and recall"}
    plain = name.replace("_", " ").strip()
    return known.get(name, plain[:1].upper() + plain[1:])
