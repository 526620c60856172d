"""The metric that picks the best model is none of those measured.

Why: the Trainer looks it up at its first save and fails with a KeyError, an epoch into the run.

Bad:

    training: {eval_strategy: epoch, metric_for_best_model: acuracy}

Good:

    training: {eval_strategy: epoch, metric_for_best_model: accuracy}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.components import MetricComponent
from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.diagnostics.suggest import did_you_mean, one_of
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan

SLUGS = ("unknown-best-metric",)

_AT: SpecPath = ("training", "metric_for_best_model")


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare ``metric_for_best_model`` with the results of the metrics."""
    wanted = plan.training.get("metric_for_best_model")
    results: list[str] = ["loss"]
    for metric in plan.metrics:
        assert isinstance(metric.component, MetricComponent)
        if not metric.component.results:  # a metric from the Hub: only the run shows its results
            return
        results += metric.component.results_of(metric.config)
    if wanted is None or wanted.removeprefix("eval_") in results:
        return
    yield Diagnostic(
        slug="unknown-best-metric",
        headline=f'no metric of the spec gives "{plan.mask(wanted)}"',
        labels=labelled(spans.span(_written_at(wanted, plan, spans))),
        helps=did_you_mean(wanted, results) or (one_of(results),),
    )


def _written_at(wanted: str, plan: Plan, spans: Document) -> SpecPath:
    """The place of the name: in ``training``, or in the callback that sets it there."""
    if spans.node(_AT) is None:
        for callback in plan.callbacks:
            if getattr(callback.config, "metric", None) == wanted:
                return (*callback.at, "metric")
    return _AT
