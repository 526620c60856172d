"""A step interval is not a valid number of steps.

Why: a value above 1 counts steps and must be a whole number, a value below 1 is a fraction of
training, and 0 is not allowed. transformers refuses other values when the run prepares its
training.

Bad:

    training: {logging_steps: 2.5}

Good:

    training: {logging_steps: 0.1}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.document.load import Document
from ftspec.planning.plan import Plan
from ftspec.spec.training import with_defaults

SLUGS = ("step-count",)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Check each step interval that is used."""
    training = with_defaults(plan.training)
    for what in ("logging", "eval", "save"):
        if training[f"{what}_strategy"] != "steps":
            continue
        name = f"{what}_steps"
        if name == "eval_steps" and not training[name]:
            name = "logging_steps"  # as transformers reads it
        steps = training[name]
        if (0 < steps <= 1) or (steps and float(steps).is_integer()):
            continue
        if steps == 0 and what == "save":  # it never saves
            continue
        yield Diagnostic(
            slug="step-count",
            headline=f'"{name}: {steps:g}" is not a valid number of steps',
            labels=labelled(spans.span(("training", name))),
            helps=("write a whole number of steps, or a fraction of training below 1",),
        )
