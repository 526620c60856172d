"""The adapter of a plan."""

from __future__ import annotations

from typing import Any, cast

from ftspec.components import TaskComponent
from ftspec.document.paths import SpecPath
from ftspec.engine.factories import build
from ftspec.engine.progress import Note
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.protocols import Adapter, AdapterContext


def build_adapter(plan: Plan, note: Note) -> Adapter | None:
    """The adapter of a plan, or ``None`` where all weights are trained.

    Raises:
        MissingExtraError: a package is not installed.
    """
    if plan.adapter is None:
        return None
    task = plan.task.component
    assert isinstance(task, TaskComponent)

    def context(planned: PlannedComponent, children: dict[SpecPath, Any]) -> AdapterContext:
        return AdapterContext(
            section=planned.at,
            seed=plan.seed,
            note=note,
            children=children,
            auto_model=task.auto_model,
            mask=plan.mask,
        )

    return cast(Adapter, build(plan.adapter, context))
