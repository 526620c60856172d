"""A source is streamed, and the spec does not set max_steps.

Why: a stream has no known length, so the Trainer cannot count epochs. It raises an error after the
model is loaded.

Bad:

    data: {source: {streaming: true}}

Good:

    data: {source: {streaming: true}}
    training: {max_steps: 1000}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.document.load import Document
from ftspec.planning.plan import Plan, PlannedComponent

SLUGS = ("stream-needs-steps",)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Report a streamed source without ``max_steps``."""
    if plan.training.get("max_steps", 0) > 0:
        return
    for source in _streamed(plan.source):
        yield Diagnostic(
            slug="stream-needs-steps",
            headline="a streamed source needs max_steps",
            labels=labelled(spans.span((*source.at, "streaming"))),
            helps=('write, for example, "training: {max_steps: 10000}"',),
        )


def _streamed(planned: PlannedComponent) -> Iterator[PlannedComponent]:
    if getattr(planned.config, "streaming", False):
        yield planned
    for child in planned.children.values():
        yield from _streamed(child)
