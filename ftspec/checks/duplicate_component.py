"""A metric or a callback is there twice, and the two get in each other's way.

Why: results have one name each, so the later metric overwrites the earlier one; of two callbacks
that set the same training fields only the first one's settings count.

Bad:

    metrics: [{type: f1, average: macro}, {type: f1, average: micro}]

Good:

    metrics: [accuracy, {type: f1, average: macro}]
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.components import CallbackConfig, MetricComponent
from ftspec.diagnostics.model import Diagnostic, Label, Severity
from ftspec.document.load import Document
from ftspec.planning.plan import Plan, PlannedComponent

SLUGS = ("duplicate-component",)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare every metric and callback with those before it."""
    for planned, counts in ((plan.metrics, "later"), (plan.callbacks, "earlier")):
        for index, one in enumerate(planned):
            earlier = next((other for other in planned[:index] if _collide(other, one)), None)
            if earlier is None:
                continue
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


def _collide(earlier: PlannedComponent, one: PlannedComponent) -> bool:
    if isinstance(one.component, MetricComponent):
        assert isinstance(earlier.component, MetricComponent)
        if set(one.component.results) & set(earlier.component.results):
            return True
    if earlier.type != one.type:
        return False
    return isinstance(one.config, CallbackConfig) or earlier.config == one.config


def _headline(earlier: PlannedComponent, one: PlannedComponent, counts: str) -> str:
    kind = one.component.kind
    if earlier.type == one.type:
        return f'the {kind} "{one.type}" is there twice, and only the {counts} one counts'
    return f'the metrics "{earlier.type}" and "{one.type}" give a result of the same name'
