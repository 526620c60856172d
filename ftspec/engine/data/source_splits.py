"""The splits of a run whose spec names none: those that its source has."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from ftspec.engine.components.factories import build, make_contexts
from ftspec.engine.progress.run_log import RunLog
from ftspec.errors import RunError
from ftspec.planning.plan import Plan
from ftspec.planning.source_splits import splits_named
from ftspec.protocols import Source


def settle_splits(plan: Plan, log: RunLog) -> Plan:
    """The plan with the splits of its source, if the spec names none and lint does not know them.

    Raises:
        RunError: the source cannot be read, or the run evaluates and there is no validation split.
        MissingExtraError: a package is not installed.
    """
    if not plan.has_open_splits:
        return plan
    names = cast(Source, build(plan.source, make_contexts(plan, log.note))).split_names()
    splits = splits_named(names)
    if splits.validation is None and plan.training.get("eval_strategy", "no") != "no":
        raise RunError(
            "the run evaluates, and the source has no validation split",
            slug="no-validation-split",
            at=("data", "source"),
            helps=('add one: "splits: {validation: {from: train, fraction: 0.1}}"',),
        )
    return replace(plan, splits=splits, has_open_splits=False)
