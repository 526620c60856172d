"""Builds a registry from plugins, each in isolation.

Every plugin has its own plugin manager. pluggy aborts a whole call if one implementation raises,
and leaves a plugin half registered if a signature is wrong. With separate managers, this does not
affect other plugins.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from ftspec import __version__
from ftspec.components import Component
from ftspec.diagnostics.model import Diagnostic, Severity
from ftspec.hookspecs import PROJECT, REGISTER_HOOKS, Hooks
from ftspec.registry.disabled import Disabled
from ftspec.registry.heavy_imports import HEAVY_MODULES, HeavyImports
from ftspec.registry.hook_faults import asked_version, hook_fault
from ftspec.registry.installed import find_plugins
from ftspec.registry.isolation import Isolation, describe_error
from ftspec.registry.record_faults import record_fault
from ftspec.registry.registry import Plugin, Registered, Registry
from ftspec.registry.trace import make_trace

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_LIGHT = 'use heavy modules only through factory strings, "package.module:attribute"'


class _Fault(Exception):  # noqa: N818 - it ends the loading of one plugin
    """The reason to reject a plugin."""

    def __init__(self, what: str, *, slug: str, helps: Iterable[str] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.slug = slug
        self.helps = helps


class Builder:
    """Collects plugins. A plugin with a fault is rejected as a whole."""

    def __init__(self) -> None:
        self._components: dict[tuple[str, str], Registered] = {}
        self._plugins: list[Plugin] = []
        self._problems: list[Diagnostic] = []
        self._trace = make_trace()

    def build(self) -> Registry:
        """The registry of the collected plugins."""
        return Registry(self._components, tuple(self._plugins), tuple(self._problems))

    def add_builtin(self, module: str) -> None:
        """Import and add a built-in plugin. Its faults are bugs, and raise."""
        plugin = Plugin(
            name=module, distribution="ftspec", version=__version__, module=module, is_builtin=True
        )
        self._add(plugin, importlib.import_module(module))

    def add_entry_points(self, disabled: Disabled) -> None:
        """Add installed plugins. Faults of plugins never raise."""
        found = find_plugins(self._add_unreadable)
        self._trace(f"{len(found)} found")
        for plugin, entry_point in found:
            if disabled.covers(plugin):
                self._trace(f"{plugin} is disabled by {disabled.by}")
                self._plugins.append(replace(plugin, disabled_by=disabled.by))
                continue
            self._add_entry_point(plugin, entry_point)

    def _add_unreadable(self, folder: str, error: Exception) -> None:
        name, _, version = Path(folder).stem.partition("-")
        plugin = Plugin(name=name, distribution=name, version=version)
        what = f"has a bad entry_points.txt: {describe_error(error, plugin)}"
        self._reject(plugin, _Fault(what, slug="plugin-import"))

    def _add_entry_point(self, plugin: Plugin, entry_point: EntryPoint) -> None:
        printed = ""
        with HeavyImports() as heavy:
            try:
                module, printed = self._import(plugin, entry_point)
                self._add(plugin, module)
            except _Fault as fault:
                self._reject(plugin, fault)
        if heavy.chain:
            self._warn(
                plugin,
                "plugin-heavy-import",
                f'imports "{heavy.chain[-1]}", which makes lint slow',
                " -> ".join(heavy.chain),
                _LIGHT,
            )
        if printed:
            self._warn(
                plugin,
                "plugin-output",
                f"prints when it is imported: {_excerpt(printed)}",
            )

    def _import(self, plugin: Plugin, entry_point: EntryPoint) -> tuple[Any, str]:
        """The module of a plugin, and its output."""
        taken = next((one for one in self._plugins if one.name == plugin.name), None)
        if taken is not None:
            raise _Fault(f"has the name of the plugin {taken}", slug="plugin-conflict")
        began = time.perf_counter()
        with Isolation(plugin, "was imported") as imported:
            module = entry_point.load()
        milliseconds = 1000 * (time.perf_counter() - began)
        self._trace(f"{plugin} imports {entry_point.value} in {milliseconds:.1f} ms")
        if imported.error is not None:
            raise _Fault(
                f"cannot be imported: {describe_error(imported.error, plugin)}",
                slug="plugin-import",
                helps=_import_helps(imported.error, plugin),
            )
        return module, imported.output

    def _add(self, plugin: Plugin, module: Any) -> None:
        """Add a plugin with all its components.

        Raises:
            _Fault: the plugin has a fault; nothing of it was added.
        """
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(Hooks)
        # pluggy reads every attribute of the module, and these may raise
        with Isolation(plugin, "was registered") as registered:
            manager.register(module, name=plugin.name)
        fault = None
        with Isolation(plugin, "was looked at") as looked:
            fault = hook_fault(manager, module, registered.error, plugin)
        if looked.error is not None:
            fault = (f"cannot be looked at: {describe_error(looked.error, plugin)}",)
        if fault is not None:
            raise _Fault(fault[0], slug="plugin-hooks", helps=fault[1:])

        def call(hook: str, **arguments: Any) -> list[Any]:
            results: list[Any] = getattr(manager.hook, hook)(**arguments)
            self._trace(f"{plugin} {hook} gives {_named(results)}")
            return results

        hooks = tuple(sorted(one.name for one in manager.get_hookcallers(module) or ()))
        plugin = replace(plugin, hooks=hooks, call=call)
        records = [record for hook in hooks for record in self._records(plugin, hook)]
        self._refuse_clash(records)
        self._plugins.append(plugin)
        self._components |= {
            (record.kind, record.name): Registered(record, plugin) for record in records
        }

    def _records(self, plugin: Plugin, hook: str) -> list[Component]:
        """The records that a registering hook returns; none for other hooks."""
        record_type = REGISTER_HOOKS.get(hook)
        if record_type is None:
            return []
        records: list[Any] = []
        fault: str | None = None
        with Isolation(plugin, f'ran "{hook}"') as ran:
            results = plugin.call(hook)
            if results and isinstance(results[0], Iterable):
                records += results[0]
            else:
                found = "an object that is not iterable" if results else "None"
                fault = f"expected an iterable of {record_type.__name__}, found {found}"
            fault = next(
                filter(None, (fault, *(record_fault(one, record_type) for one in records))), None
            )
        if ran.error is not None:
            what = f'raised in "{hook}": {describe_error(ran.error, plugin)}'
            raise _Fault(what, slug="plugin-hooks")
        if fault is not None:
            what = f'returned a bad record from "{hook}": {fault}'
            raise _Fault(what, slug="plugin-record")
        return records

    def _refuse_clash(self, records: Iterable[Component]) -> None:
        """Reject names that are taken, including former names."""
        taken = {
            (registered.component.kind, name): f"the plugin {registered.plugin} already has"
            for registered in self._components.values()
            for name in _names(registered.component)
        }
        for record in records:
            for name in _names(record):
                if (record.kind, name) in taken:
                    what = f'has the {record.kind} "{name}", which {taken[record.kind, name]}'
                    raise _Fault(what, slug="plugin-conflict")
                taken[record.kind, name] = "it has twice"

    def _reject(self, plugin: Plugin, fault: _Fault) -> None:
        problem = self._warn(plugin, fault.slug, fault.what, *fault.helps)
        self._plugins.append(replace(plugin, problem=problem))

    def _warn(self, plugin: Plugin, slug: str, what: str, *helps: str) -> Diagnostic:
        if plugin.distribution:
            helps = (*helps, f'report it to its authors, or "pip uninstall {plugin.distribution}"')
        problem = Diagnostic(
            slug=slug,
            severity=Severity.WARNING,
            headline=f"the plugin {plugin} {what}",
            helps=helps,
        )
        self._trace(problem.headline)
        self._problems.append(problem)
        return problem


def _import_helps(error: BaseException, plugin: Plugin) -> Iterator[str]:
    if not isinstance(error, ImportError) or error.name is None:
        return
    if error.name.partition(".")[0] in HEAVY_MODULES:
        yield _LIGHT
    if error.name == "ftspec.api":
        yield asked_version(plugin)


def _names(record: Component) -> tuple[str, ...]:
    return (record.name, *record.aliases)


def _named(results: list[Any]) -> str:
    """The result of a hook in words, without consuming it: a generator yields its values once."""
    if not results:
        return "None"
    if not isinstance(results[0], (list, tuple)):
        return type(results[0]).__name__
    names = [f"{one.kind} {one.name}" for one in results[0] if isinstance(one, Component)]
    return ", ".join(names) or f"{len(results[0])} values"


def _excerpt(printed: str) -> str:
    line = " ".join(printed.split())
    return f'"{line[:60]}…"' if len(line) > 60 else f'"{line}"'
