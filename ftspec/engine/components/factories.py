"""From a planned component to the object that its factory creates. It imports heavy libraries."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ftspec.components import Component
from ftspec.document.paths import SpecPath
from ftspec.engine.progress.run_log import Note
from ftspec.errors import MissingExtraError
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.planning.used_columns import used_columns
from ftspec.protocols import Context
from ftspec.spec.column_uses import ColumnUses

MakeContext = Callable[[PlannedComponent, dict[SpecPath, Any]], Context]


class ContextType(Protocol):
    """A class of contexts, or a ``functools.partial`` of it with the values that only its kind of
    component gets."""

    def __call__(
        self,
        *,
        section: SpecPath,
        seed: int,
        note: Callable[[str], None],
        children: Mapping[SpecPath, Any],
        columns: ColumnUses,
    ) -> Context: ...


def load_factory(component: Component) -> Callable[[Any, Any], Any]:
    """The attribute that ``component.factory`` names.

    Raises:
        MissingExtraError: a package that it needs is not installed.
    """
    require_packages(component)
    module, _, attribute = component.factory.partition(":")
    try:
        factory: Callable[[Any, Any], Any] = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        missing = (error.name or module).partition(".")[0]
        if missing == module.partition(".")[0]:
            raise  # the plugin itself is broken, no package is missing
        raise MissingExtraError(missing, component.install) from error
    return factory


def require_packages(component: Component) -> None:
    """Require the packages of a component, without importing them.

    Raises:
        MissingExtraError: one is not installed.
    """
    for module in component.requires:
        if not _is_installed(module):
            raise MissingExtraError(module, component.install)


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # its parent package is not installed
        return False


def build(planned: PlannedComponent, make_context: MakeContext) -> Any:
    """Create a component, after the components inside it."""
    factory = load_factory(planned.component)
    children = {path: build(child, make_context) for path, child in planned.children.items()}
    return factory(planned.config, make_context(planned, children))


def make_contexts(plan: Plan, note: Note, context_type: ContextType = Context) -> MakeContext:
    """A function that creates the context of each component: a ``context_type`` with the values
    that all contexts have."""

    columns = used_columns(plan)

    def make(planned: PlannedComponent, children: dict[SpecPath, Any]) -> Context:
        return context_type(
            section=planned.at, seed=plan.seed, note=note, children=children, columns=columns
        )

    return make
