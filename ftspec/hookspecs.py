"""The hooks of ftspec. None is ``firstresult``: hooks announce or observe, the registry selects by
name, Protocols behave.

A plugin is a plain module in the entry-point group ``ftspec`` that implements some of these with
``@ftspec.api.hookimpl``. It must import without torch; see :mod:`ftspec.api`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

from ftspec.components import (
    AdapterComponent,
    CallbackComponent,
    MetricComponent,
    SourceComponent,
    TaskComponent,
    TokenizerComponent,
    TransformComponent,
)

if TYPE_CHECKING:
    from ftspec.diagnostics.model import Diagnostic
    from ftspec.document.load import Document
    from ftspec.planning.plan import Plan
    from ftspec.rundir import RunDirectory

PROJECT = "ftspec"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    """Every hook there is."""

    @hookspec
    def ftspec_register_sources(self) -> Iterable[SourceComponent]:
        """Called once when the registry is built; returns records of sources."""
        return ()

    @hookspec
    def ftspec_register_transforms(self) -> Iterable[TransformComponent]:
        """Called once when the registry is built; returns records of transforms."""
        return ()

    @hookspec
    def ftspec_register_tokenizers(self) -> Iterable[TokenizerComponent]:
        """Called once when the registry is built; returns records of tokenizers."""
        return ()

    @hookspec
    def ftspec_register_adapters(self) -> Iterable[AdapterComponent]:
        """Called once when the registry is built; returns records of adapters."""
        return ()

    @hookspec
    def ftspec_register_tasks(self) -> Iterable[TaskComponent]:
        """Called once when the registry is built; returns records of tasks."""
        return ()

    @hookspec
    def ftspec_register_metrics(self) -> Iterable[MetricComponent]:
        """Called once when the registry is built; returns records of metrics."""
        return ()

    @hookspec
    def ftspec_register_callbacks(self) -> Iterable[CallbackComponent]:
        """Called once when the registry is built; returns records of callbacks."""
        return ()

    @hookspec
    def ftspec_check_plan(self, plan: Plan, spans: Document) -> Iterable[Diagnostic]:
        """Called by lint, plan and run after the built-in checks; returns findings.

        ``spans.span(path)`` is the place of a value. Slugs are ``"<plugin>/<slug>"``. Must not
        import torch.
        """
        return ()

    @hookspec
    def ftspec_run_started(self, plan: Plan, run_dir: RunDirectory) -> None:
        """Called once, before training. An exception becomes a warning in the run log."""

    @hookspec
    def ftspec_run_finished(self, plan: Plan, run_dir: RunDirectory, outcome: str) -> None:
        """Called once, when the run is over: ``outcome`` is ``finished``, ``failed`` or
        ``interrupted``. An exception becomes a warning in the run log."""


REGISTER_HOOKS: dict[str, type] = {
    "ftspec_register_adapters": AdapterComponent,
    "ftspec_register_callbacks": CallbackComponent,
    "ftspec_register_metrics": MetricComponent,
    "ftspec_register_sources": SourceComponent,
    "ftspec_register_tasks": TaskComponent,
    "ftspec_register_tokenizers": TokenizerComponent,
    "ftspec_register_transforms": TransformComponent,
}
"""The hooks that return component records, with the record each must return."""
