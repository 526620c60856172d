"""The spec has the same metric or callback twice, and the two conflict.

Why: if two metrics return a result with the same name, the later one overwrites the earlier one. If
two callbacks set the same training fields, only the first one has an effect.

Bad:

    metrics: [{type: f1, average: macro}, {type: f1, average: micro}]

Good:

    metrics: [accuracy, {type: f1, average: macro}]
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from ftspec.components import CallbackConfig, MetricComponent
from ftspec.diagnostics.model import Diagnostic, Label, Severity
from ftspec.document.load import Document
from ftspec.planning.plan import Plan, PlannedComponent

SLUGS = ("duplicate-component",)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare every metric and callback with the ones before it."""
    for planned, counts in ((plan.metrics, "later"), (plan.callbacks, "earlier")):
        seen: dict[Hashable, int] = {}
        for index, one in enumerate(planned):
            claims = _claims(one)
            first = min(seen.setdefault(claim, index) for claim in claims)
            if first == index:
                continue
            earlier = planned[first]
            yield Diagnostic(
                slug="duplicate-component",
                severity=Severity.WARNING,
                headline=_headline(earlier, one, counts),
                labels=(
                    Label(spans.span((*one.at, "type"))),
                    Label(spans.span((*earlier.at, "type")), "first one"),
                ),
                helps=("remove one of the two",),
            )


def _claims(one: PlannedComponent) -> list[Hashable]:
    """What a component takes up: its type and settings, and the names of its results."""
    if isinstance(one.config, CallbackConfig):
        return [one.type]
    metric = one.component
    results = metric.results_of(one.config) if isinstance(metric, MetricComponent) else ()
    return [(one.type, one.config.model_dump_json()), *results]


def _headline(earlier: PlannedComponent, one: PlannedComponent, counts: str) -> str:
    kind = one.component.kind
    if earlier.type == one.type:
        return f'the {kind} "{one.type}" appears twice, and only the {counts} one has an effect'
    return f'the metrics "{earlier.type}" and "{one.type}" return a result with the same name'
