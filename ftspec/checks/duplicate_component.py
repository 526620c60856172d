"""A metric or a callback is there twice, and the two get in each other's way.

Why: results have one name each, so the later metric overwrites the earlier one; of two callbacks
that set the same training fields only the first one's settings count.

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
    """Compare every metric and callback with those before it."""
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
                    Label(spans.span((*earlier.at, "type")), "the first one is here"),
                ),
                helps=("remove one of the two",),
            )


def _claims(one: PlannedComponent) -> list[Hashable]:
    """What no other component may be or give beside this one."""
    if isinstance(one.config, CallbackConfig):
        return [one.type]
    metric = one.component
    results = metric.results_of(one.config) if isinstance(metric, MetricComponent) else ()
    return [(one.type, one.config.model_dump_json()), *results]


def _headline(earlier: PlannedComponent, one: PlannedComponent, counts: str) -> str:
    kind = one.component.kind
    if earlier.type == one.type:
        return f'the {kind} "{one.type}" is there twice, and only the {counts} one counts'
    return f'the metrics "{earlier.type}" and "{one.type}" give a result of the same name'
