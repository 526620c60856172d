"""From a planned component to the object its factory makes: where heavy libraries begin."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ftspec.components import Component
from ftspec.document.paths import SpecPath
from ftspec.engine.progress.run_log import Note, RunLog
from ftspec.errors import MissingExtraError
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.protocols import Context

MakeContext = Callable[[PlannedComponent, dict[SpecPath, Any]], Context]


class ContextType(Protocol):
    """A class of contexts, less what its kind of component gets beyond :class:`Context`: the class
    itself, or a ``functools.partial`` of it that brings the rest."""

    def __call__(
        self,
        *,
        section: SpecPath,
        seed: int,
        note: Callable[[str], None],
        children: Mapping[SpecPath, Any],
    ) -> Context: ...


def load_factory(component: Component) -> Callable[[Any, Any], Any]:
    """The attribute that ``component.factory`` names.

    Raises:
        MissingExtraError: a package it needs is not installed.
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
    """Make sure that what a component needs is installed, without importing it.

    Raises:
        MissingExtraError: it is not.
    """
    for module in component.requires:
        if not _is_installed(module):
            raise MissingExtraError(module, component.install)


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package it would be in
        return False


def build(planned: PlannedComponent, make_context: MakeContext) -> Any:
    """Build a component and, before it, the components inside it."""
    factory = load_factory(planned.component)
    children = {path: build(child, make_context) for path, child in planned.children.items()}
    return factory(planned.config, make_context(planned, children))


def make_contexts(plan: Plan, note: Note, context_type: ContextType = Context) -> MakeContext:
    """What gives each component of a plan its context: ``context_type`` with what all have."""

    def make(planned: PlannedComponent, children: dict[SpecPath, Any]) -> Context:
        return context_type(section=planned.at, seed=plan.seed, note=note, children=children)

    return make


def context_maker(plan: Plan, log: RunLog) -> MakeContext:
    """What factories get that need nothing of the run."""
    return make_contexts(plan, log.note)
