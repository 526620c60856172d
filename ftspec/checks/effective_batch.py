"""The effective batch size is unusually large, or one.

Why: each device learns from per_device_train_batch_size times gradient_accumulation_steps rows per
step. Settings copied from another machine can multiply to thousands of rows, which need another
learning rate, or to a single row, whose gradient is noisy.

Bad:

    training: {per_device_train_batch_size: 64, gradient_accumulation_steps: 32}

Good:

    training: {per_device_train_batch_size: 16, gradient_accumulation_steps: 2}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, Severity, labelled
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan
from ftspec.spec.training import with_defaults

SLUGS = ("effective-batch",)

_LARGEST = 1024
_SIZE: SpecPath = ("training", "per_device_train_batch_size")
_STEPS: SpecPath = ("training", "gradient_accumulation_steps")


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Multiply batch size and accumulation."""
    training = with_defaults(plan.training)
    size = training["per_device_train_batch_size"]
    steps = training["gradient_accumulation_steps"]
    if 1 < size * steps <= _LARGEST:
        return
    rows = f"{size * steps:,} row{'s' if size * steps != 1 else ''}"
    yield Diagnostic(
        slug="effective-batch",
        severity=Severity.WARNING,
        headline=f"each optimizer step uses {rows} on each device: {size} times {steps}",
        labels=labelled(spans.span(_SIZE if spans.node(_SIZE) is not None else _STEPS)),
        helps=("per_device_train_batch_size times gradient_accumulation_steps is usually 8 to 64",),
    )
