"""The spec sets both max_steps and num_train_epochs.

Why: max_steps wins, and num_train_epochs has no effect, however large it is.

Bad:

    training: {max_steps: 1000, num_train_epochs: 3}

Good:

    training: {num_train_epochs: 3}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, Label, Severity
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan

SLUGS = ("steps-and-epochs",)

_STEPS: SpecPath = ("training", "max_steps")
_EPOCHS: SpecPath = ("training", "num_train_epochs")


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Report both if one file sets both. An overlay may override one of them."""
    steps, epochs = spans.node(_STEPS), spans.node(_EPOCHS)
    if spans.profile is not None or steps is None or epochs is None:
        return
    if plan.training["max_steps"] <= 0 or steps.span.source != epochs.span.source:
        return
    yield Diagnostic(
        slug="steps-and-epochs",
        severity=Severity.WARNING,
        headline=f"num_train_epochs has no effect with max_steps: {plan.training['max_steps']}",
        labels=(Label(epochs.span), Label(steps.span, "this one counts")),
        helps=("remove one of the two",),
    )
