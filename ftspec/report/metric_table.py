"""The final metrics of a run: one column for each set."""

from __future__ import annotations

from collections.abc import Sequence

from ftspec.report.evaluation import EvaluationFacts, groups_table
from ftspec.report.numbers import shown_metric
from ftspec.report.run_files import RunFiles
from ftspec.report.tables import Column, Table

_MOST_SETS = 20


def metric_table(files: RunFiles, evaluations: Sequence[EvaluationFacts]) -> Table | None:
    """The metrics, with the intervals of evaluations of the same model on the same set; ``None``
    before there are any."""
    order = {name: place for place, name in enumerate(("test", "validation"))}
    sets = sorted(
        (name for name, values in files.metrics.items() if values),
        key=lambda name: (order.get(name, 2 + (name == "train")), name),
    )[:_MOST_SETS]
    names = list(dict.fromkeys(name for one in sets for name in files.metrics[one]))
    if not names:
        return None
    by_set = {of_the_model(one): one for one in reversed(evaluations)}
    has_intervals = False
    rows = []
    for name in sorted(names, key=lambda name: name == "loss"):
        cells = []
        for one in sets:
            interval = by_set[one].interval_of(name) if one in by_set else ""
            has_intervals |= bool(interval)
            value = shown_metric(files.metrics[one][name]) if name in files.metrics[one] else ""
            cells.append(f"{value} ({interval})" if interval and value else value)
        rows.append((name, *cells))
    caption = "Final metrics" + (", with 95 % intervals of evaluations" if has_intervals else "")
    columns = (Column("metric"), *(Column(_called(one), True) for one in sets))
    return Table(caption, columns, rows)


def group_tables(files: RunFiles) -> list[Table]:
    """The metrics of the groups of sets, a table for each column."""
    return [
        groups_table(str(column), groups, f"{name} by {column}")
        for name, columns in files.groups.items()
        for column, groups in columns.items()
        if isinstance(groups, dict) and groups
    ]


def of_the_model(evaluation: EvaluationFacts) -> str | None:
    """The set that an evaluation of the trained model is of; ``None`` for a file or a
    checkpoint."""
    content = evaluation.content
    is_of_model = content.get("checkpoint", "model") == "model"
    is_of_model &= not content.get("file") and not content.get("data")
    of_split = content.get("split")
    return str(of_split) if is_of_model and of_split else None


def _called(of_set: str) -> str:
    return "training" if of_set == "train" else of_set
