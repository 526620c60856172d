"""Two places name different metrics to pick the best model by.

Why: the Trainer has one such metric. That of the training section counts, or else that of the first
callback; the others are dropped in silence.

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
from ftspec.planning.plan import Plan

SLUGS = ("conflicting-best-metric",)

_AT: SpecPath = ("training", "metric_for_best_model")
_DEFAULT = "loss"


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare the metric that counts with each that a callback names."""
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
        # a callback with none, or its default, takes what there is, as its user means it to
        if metric == _DEFAULT or spans.node(at) is None or callback_at == winner:
            continue
        if _bare(metric) == _bare(counting):
            continue
        yield Diagnostic(
            slug="conflicting-best-metric",
            severity=Severity.WARNING,
            headline=f'"{plan.mask(metric)}" does not pick the best model: '
            f'"{plan.mask(counting)}" does',
            labels=(
                Label(spans.span(at)),
                Label(spans.span(winner), f'this wants "{plan.mask(counting)}"'),
            ),
            helps=("name the same metric in both places",),
        )


def _bare(metric: str) -> str:
    return metric.removeprefix("eval_")
