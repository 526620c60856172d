"""Checks: rules across the sections of a plan, one per file, without torch.

The docstring of a check is its documentation. :mod:`ftspec.diagnostics.explanation` reads its form:
what the check finds, why it matters, a bad and a good example.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ftspec.checks import (
    best_model_metric,
    binary_average,
    clear_secret,
    conflicting_best_metric,
    duplicate_component,
    effective_batch,
    empty_text,
    end_of_text,
    evaluation_split,
    global_batch,
    idle_setting,
    label_count,
    label_values,
    languages,
    learned_tokenizer,
    learning_rate,
    loader_workers,
    max_length,
    metric_scores,
    missing_files,
    missing_packages,
    missing_prefix,
    odd_files,
    odd_labels,
    optimizer,
    output_in_data,
    overlapping_splits,
    remote_code,
    save_misses_evaluation,
    scheduler,
    settings_files,
    shadowed_value,
    sharding,
    short_secret,
    step_counts,
    steps_and_epochs,
    stream_steps,
    template_fields,
    text_values,
    unfinished_run,
    unknown_column,
    unknown_split,
    unpinned_revision,
    weight_dtype,
)
from ftspec.diagnostics.model import Diagnostic
from ftspec.document.load import Document
from ftspec.planning.plan import Plan


class Check(Protocol):
    """A module with one rule."""

    __doc__: str | None

    @property
    def SLUGS(self) -> tuple[str, ...]:  # noqa: N802 - a constant of the module
        """The slugs of its findings."""

    def check(self, plan: Plan, spans: Document) -> Iterable[Diagnostic]:
        """The findings of the rule."""


CHECKS: tuple[Check, ...] = (
    best_model_metric,
    binary_average,
    clear_secret,
    conflicting_best_metric,
    duplicate_component,
    effective_batch,
    empty_text,
    end_of_text,
    evaluation_split,
    global_batch,
    idle_setting,
    label_count,
    label_values,
    languages,
    learned_tokenizer,
    learning_rate,
    loader_workers,
    max_length,
    metric_scores,
    missing_files,
    missing_packages,
    missing_prefix,
    odd_files,
    odd_labels,
    optimizer,
    output_in_data,
    overlapping_splits,
    remote_code,
    save_misses_evaluation,
    scheduler,
    settings_files,
    shadowed_value,
    sharding,
    short_secret,
    step_counts,
    steps_and_epochs,
    stream_steps,
    template_fields,
    text_values,
    unfinished_run,
    unknown_column,
    unknown_split,
    unpinned_revision,
    weight_dtype,
)
"""Every check, by name."""

CHECK_SLUGS = frozenset(slug for check in CHECKS for slug in check.SLUGS)
"""The slugs of all checks. Any other error means that there is no plan."""
