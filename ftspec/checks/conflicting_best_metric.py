"""Two places name different metrics for selecting the best model.

Why: the Trainer uses a single metric: the one in the training section, or else the one of the first
callback. The others have no effect.

Bad:

    training: {eval_strategy: epoch}
    callbacks: [early-stopping, {type: best-model, metric: accuracy}]

Good:

    training: {eval_strategy: epoch}
    callbacks: [{type: early-stopping, metric: accuracy}, {type: best-model, metric: accuracy}]
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.components import CallbackConfig
from ftspec.diagnostics.model import Diagnostic, Label, Severity
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.evaluation_set import bare_metric
from ftspec.planning.plan import Plan

SLUGS = ("conflicting-best-metric",)

_AT: SpecPath = ("training", "metric_for_best_model")
_DEFAULT = "loss"


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare the metric in use with the metric of each callback."""
    counting = plan.training.get("metric_for_best_model")
    if counting is None:
        return
    wanted = [
        ((*callback.at, "metric"), callback.at, metric)
        for callback in plan.callbacks
        if isinstance(callback.config, CallbackConfig)
        and (metric := callback.config.training_defaults({}).get("metric_for_best_model"))
    ]
    winner = wanted[0][1] if wanted and spans.node(_AT) is None else _AT
    for at, callback_at, metric in wanted:
        # a callback without a metric of its own uses whatever is set
        if metric == _DEFAULT or spans.node(at) is None or callback_at == winner:
            continue
        if bare_metric(metric) == bare_metric(counting):
            continue
        yield Diagnostic(
            slug="conflicting-best-metric",
            severity=Severity.WARNING,
            headline=f'"{plan.mask(metric)}" does not select the best model: '
            f'"{plan.mask(counting)}" does',
            labels=(
                Label(spans.span(at)),
                Label(spans.span(winner), f'this sets "{plan.mask(counting)}"'),
            ),
            helps=("name the same metric in both places",),
        )
