"""The effective batch size is unusually large, or one.

Why: a step has global_batch_size rows, or else each device learns from per_device_train_batch_size
times gradient_accumulation_steps rows per step. Settings copied from another machine can multiply
to thousands of rows, which need another learning rate, or to a single row, whose gradient is noisy.

Bad:

    training: {per_device_train_batch_size: 64, gradient_accumulation_steps: 32}

Good:

    training: {global_batch_size: 32}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ftspec.diagnostics.model import Diagnostic, Severity, labelled
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan
from ftspec.spec.training import GLOBAL_BATCH_SIZE, with_defaults

SLUGS = ("effective-batch",)

_LARGEST = 1024
_ROWS: SpecPath = ("training", GLOBAL_BATCH_SIZE)
_SIZE: SpecPath = ("training", "per_device_train_batch_size")
_STEPS: SpecPath = ("training", "gradient_accumulation_steps")


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Take the rows of a step, or multiply batch size and accumulation."""
    training = with_defaults(plan.training)
    rows = training[GLOBAL_BATCH_SIZE]
    if rows is None:
        yield from _of_each_device(training, spans)
    elif not 1 < rows <= _LARGEST:
        yield Diagnostic(
            slug="effective-batch",
            severity=Severity.WARNING,
            headline=f"each optimizer step uses {_counted(rows)}",
            labels=labelled(spans.span(_ROWS)),
            helps=("global_batch_size is usually 8 to 512",),
        )


def _of_each_device(training: Mapping[str, Any], spans: Document) -> Iterator[Diagnostic]:
    size = training["per_device_train_batch_size"]
    steps = training["gradient_accumulation_steps"]
    if 1 < size * steps <= _LARGEST:
        return
    yield Diagnostic(
        slug="effective-batch",
        severity=Severity.WARNING,
        headline=f"each optimizer step uses {_counted(size * steps)} on each device: "
        f"{size} times {steps}",
        labels=labelled(spans.span(_SIZE if spans.node(_SIZE) is not None else _STEPS)),
        helps=("per_device_train_batch_size times gradient_accumulation_steps is usually 8 to 64",),
    )


def _counted(rows: int) -> str:
    return f"{rows:,} row{'s' if rows != 1 else ''}"
