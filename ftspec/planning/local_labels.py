"""The labels that a classification of texts would learn, as far as the first rows of a local file
show them."""

from __future__ import annotations

from ftspec.document.paths import SpecPath
from ftspec.labels import LabelColumn, LabelCounts, Labels, learn_label_sets, learn_labels
from ftspec.labels.labels import missing_label
from ftspec.planning.local_values import local_values
from ftspec.planning.plan import Plan

_FIELD = "label"
_FEWEST_ROWS = 50  # with fewer, it goes without saying that labels have few rows


def place_of_labels(plan: Plan) -> SpecPath:
    """Where a spec says what the labels are: their names, or the template."""
    if getattr(plan.task.config, "labels", None) is not None:
        return (*plan.task.at, "labels")
    return ("preprocess", "template", _FIELD)


def learn_local_labels(plan: Plan) -> Labels | None:
    """The labels; ``None`` if the first rows do not show them, or the task is another one.

    Raises:
        RunError: no reading fits the labels of these rows.
    """
    problem = getattr(plan.task.config, "problem", None)
    if plan.task.type != "text-classification" or problem == "regression":
        return None
    found = local_values(plan, _FIELD)
    if found is None:
        return None
    is_enough = found.is_whole and len(found.values) >= _FEWEST_ROWS
    column = LabelColumn(
        at=("preprocess", "template", _FIELD),
        names=getattr(plan.task.config, "labels", None),
        sample="" if is_enough else f"the first {len(found.values):,} rows",
        float_help='for numbers to predict, write "problem: regression" in the task section',
    )
    if problem == "multi-label":
        separator = getattr(plan.task.config, "separator", None)
        return learn_label_sets(found.values, column, separator).labels if found.values else None
    if found.missing:
        raise missing_label(column.at, found.missing)
    return learn_labels(LabelCounts(found.values), column) if found.values else None
