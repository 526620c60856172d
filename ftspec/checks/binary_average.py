"""A metric averages as for two classes, and the task has more, or gives several labels at once.

Why: scikit-learn refuses, at the first evaluation, after an epoch of training.

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
    """Compare ``average: binary`` with what the task says of its classes."""
    at, why = _reason(plan)
    if at is None:
        return
    for metric in plan.metrics:
        if metric.type in _METRICS and getattr(metric.config, "average", None) == "binary":
            yield Diagnostic(
                slug="binary-average",
                headline=f'the metric "{metric.type}" averages as for two classes, and {why}',
                labels=(
                    Label(spans.span((*metric.at, "average"))),
                    Label(spans.span(at), "the task says so here"),
                ),
                helps=('write "average: macro", "micro" or "weighted"',),
            )


def _reason(plan: Plan) -> tuple[SpecPath | None, str]:
    """Where the task says that its classes are not two, and in what words."""
    if "class-set" in plan.task.config.predictions_from(plan.template):
        return (*plan.task.at, "problem"), "the task gives any number of labels at once"
    labels = getattr(plan.task.config, "labels", None)
    if isinstance(labels, (list, tuple)) and len(labels) > 2:
        return (*plan.task.at, "labels"), f"the task has {len(labels)}"
    return None, ""
