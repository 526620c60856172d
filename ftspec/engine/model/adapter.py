"""The adapter of a plan."""

from __future__ import annotations

from typing import Any, cast

from ftspec.components import TaskComponent
from ftspec.document.paths import SpecPath
from ftspec.engine.components.factories import build
from ftspec.engine.progress.run_log import Note
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.protocols import Adapter, AdapterContext


def build_adapter(plan: Plan, revision: str | None, note: Note) -> Adapter:
    """The adapter of a plan that has one. ``revision`` is the commit of its checkpoint.

    Raises:
        MissingExtraError: a package is not installed.
    """
    assert plan.adapter is not None
    task = plan.task.component
    assert isinstance(task, TaskComponent)

    def context(planned: PlannedComponent, children: dict[SpecPath, Any]) -> AdapterContext:
        return AdapterContext(
            section=planned.at,
            seed=plan.seed,
            note=note,
            children=children,
            auto_model=task.auto_model,
            revision=revision,
            mask=plan.mask,
        )

    return cast(Adapter, build(plan.adapter, context))
