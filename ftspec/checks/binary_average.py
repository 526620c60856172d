"""A metric has "average: binary", but the task has more than two classes or several labels per row.

Why: scikit-learn raises an error at the first evaluation, often after an epoch of training.

Bad:

    task: {type: text-classification, labels: [bad, fair, good]}
    metrics: [{type: f1, average: binary}]

Good:

    task: {type: text-classification, labels: [bad, fair, good]}
    metrics: [{type: f1, average: macro}]
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, Label
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan

SLUGS = ("binary-average",)

_METRICS = {"f1", "precision", "recall"}


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare ``average: binary`` with the classes of the task."""
    at, why = _reason(plan)
    if at is None:
        return
    for metric in plan.metrics:
        if metric.type in _METRICS and getattr(metric.config, "average", None) == "binary":
            yield Diagnostic(
                slug="binary-average",
                headline=f'the metric "{metric.type}" has "average: binary", and {why}',
                labels=(
                    Label(spans.span((*metric.at, "average"))),
                    Label(spans.span(at), "set here"),
                ),
                helps=('write "average: macro", "micro" or "weighted"',),
            )


def _reason(plan: Plan) -> tuple[SpecPath | None, str]:
    """The setting of the task that rules out two classes, and what it means."""
    if "class-set" in plan.task.config.predictions_from(plan.template):
        return (*plan.task.at, "problem"), "the task has several labels per row"
    labels = getattr(plan.task.config, "labels", None)
    if isinstance(labels, (list, tuple)) and len(labels) > 2:
        return (*plan.task.at, "labels"), f"the task has {len(labels)} classes"
    return None, ""
