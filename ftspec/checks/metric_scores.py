"""A metric does not score what the task predicts.

Why: for example, accuracy on generated text or ROUGE on class ids fails at the first evaluation, or
gives a meaningless number.

Bad:

    metrics: [rouge]

Good:

    metrics: [accuracy]
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.diagnostics.suggest import one_of
from ftspec.document.load import Document
from ftspec.planning.plan import Plan

SLUGS = ("metric-mismatch",)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare the predictions of the task with what each metric scores."""
    predictions = plan.task.config.predictions_from(plan.template)
    fitting = (one_of(plan.fitting_metrics),) if plan.fitting_metrics else ()
    for metric in plan.metrics:
        if metric.component.scores & predictions:
            continue
        given, wanted = _listed(predictions), _listed(metric.component.scores)
        yield Diagnostic(
            slug="metric-mismatch",
            headline=f'the metric "{metric.type}" scores {wanted}, '
            f'and the task "{plan.task.type}" predicts {given}',
            labels=labelled(spans.span((*metric.at, "type"))),
            helps=(*fitting, "or change the task section"),
        )


def _listed(predictions: frozenset[str]) -> str:
    return " and ".join(f'"{name}"' for name in sorted(predictions))
