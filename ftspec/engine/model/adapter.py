"""The adapter of a plan."""

from __future__ import annotations

from functools import partial
from typing import cast

from ftspec.engine.components.factories import build, make_contexts
from ftspec.engine.progress.run_log import Note
from ftspec.planning.plan import Plan
from ftspec.protocols import Adapter, AdapterContext


def build_adapter(plan: Plan, revision: str | None, note: Note) -> Adapter:
    """The adapter of a plan that has one. ``revision`` is the commit of the checkpoint.

    Raises:
        MissingExtraError: a package is not installed.
    """
    assert plan.adapter is not None
    context = partial(
        AdapterContext,
        auto_model=plan.task.component.auto_model,
        revision=revision,
        mask=plan.mask,
    )
    return cast(Adapter, build(plan.adapter, make_contexts(plan, note, context)))
