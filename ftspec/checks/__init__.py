"""Checks: cross-section rules over a plan, one per file, none of which imports torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ftspec.checks import (
    best_model_metric,
    evaluation_split,
    metric_scores,
    missing_files,
    stream_steps,
    template_fields,
)
from ftspec.diagnostics.model import Diagnostic
from ftspec.document.load import Document
from ftspec.planning.plan import Plan

Check = Callable[[Plan, Document], Iterable[Diagnostic]]

CHECKS: tuple[Check, ...] = (
    best_model_metric.check,
    evaluation_split.check,
    metric_scores.check,
    missing_files.check,
    stream_steps.check,
    template_fields.check,
)
"""Every check, by name."""
