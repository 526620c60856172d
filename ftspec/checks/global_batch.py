"""The spec sets both global_batch_size and gradient_accumulation_steps.

Why: global_batch_size is the rows of a step on all processes together. How many batches a process
accumulates follows from it, from the number of processes and from per_device_train_batch_size, the
rows that a device computes at once. A number in the spec would contradict it on another machine.

Bad:

    training: {global_batch_size: 64, gradient_accumulation_steps: 4}

Good:

    training: {global_batch_size: 64, per_device_train_batch_size: 8}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, Label
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan
from ftspec.spec.training import GLOBAL_BATCH_SIZE

SLUGS = ("global-batch",)

_ROWS: SpecPath = ("training", GLOBAL_BATCH_SIZE)
_STEPS: SpecPath = ("training", "gradient_accumulation_steps")


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Report both, also where two files set them. Null is no number of rows."""
    rows, steps = spans.node(_ROWS), spans.node(_STEPS)
    if plan.training.get(GLOBAL_BATCH_SIZE) is None or rows is None or steps is None:
        return
    yield Diagnostic(
        slug="global-batch",
        headline="gradient_accumulation_steps cannot be set with "
        f"global_batch_size: {plan.training[GLOBAL_BATCH_SIZE]}",
        labels=(Label(steps.span), Label(rows.span, "the rows of a step")),
        helps=(
            "remove gradient_accumulation_steps; per_device_train_batch_size limits the rows that "
            "a device computes at once",
            'or write "global_batch_size: null", and a step has per_device_train_batch_size times '
            "gradient_accumulation_steps rows on each device",
        ),
    )
