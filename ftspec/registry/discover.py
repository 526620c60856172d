"""Discovery: built-ins first, then entry points by name, each in isolation.

Every plugin gets a plugin manager of its own. pluggy aborts a whole call when one implementation
raises, and keeps a plugin half registered when its signature is wrong; apart, neither reaches
anyone else.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

import pluggy

from ftspec import __version__
from ftspec.components import (
    Component,
    MetricComponent,
    TaskConfig,
    TokenizerConfig,
)
from ftspec.diagnostics.model import Diagnostic, Severity
from ftspec.hookspecs import PROJECT, REGISTER_HOOKS, Hooks
from ftspec.registry.registry import Plugin, Registered, Registry
from ftspec.spec.base import ComponentConfig

BUILTIN_PLUGINS = ("ftspec.builtin.plugin",)
HEAVY_MODULES = ("torch", "transformers", "datasets", "evaluate", "numpy", "pandas")

_CONFIG_BASES: dict[str, type[ComponentConfig]] = {"task": TaskConfig, "tokenizer": TokenizerConfig}
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def build_registry(*, with_entry_points: bool = True) -> Registry:
    """Load every plugin and gather its components. Never raises for a plugin's fault."""
    builder = _Builder()
    for module in BUILTIN_PLUGINS:
        plugin = Plugin(name=module, distribution="ftspec", version=__version__, is_builtin=True)
        builder.add(plugin, importlib.import_module(module))
    found = entry_points(group=PROJECT) if with_entry_points else ()
    for entry_point in sorted(found, key=lambda point: (point.name, point.value)):
        builder.add_entry_point(entry_point)
    return builder.build()


class _Builder:
    """Gathers plugins; a plugin with any fault contributes nothing."""

    def __init__(self) -> None:
        self._components: dict[tuple[str, str], Registered] = {}
        self._plugins: list[Plugin] = []
        self._problems: list[Diagnostic] = []

    def build(self) -> Registry:
        return Registry(self._components, tuple(self._plugins), tuple(self._problems))

    def add_entry_point(self, entry_point: EntryPoint) -> None:
        distribution, version = _origin(entry_point)
        plugin = Plugin(name=entry_point.name, distribution=distribution, version=version)
        before = set(sys.modules)
        try:
            module = entry_point.load()
        except (Exception, SystemExit) as error:
            self._reject(plugin, "plugin-import", f"cannot be imported: {_shown(error)}")
            return
        heavy = [name for name in HEAVY_MODULES if name in sys.modules and name not in before]
        if heavy:
            self._problems.append(
                _problem(
                    plugin, "plugin-heavy-import", f'imports "{heavy[0]}", which makes lint slow'
                )
            )
        self.add(plugin, module)

    def add(self, plugin: Plugin, module: ModuleType) -> None:
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(Hooks)
        try:
            manager.register(module, name=plugin.name)
            manager.check_pending()
        except Exception as error:  # pluggy reads every attribute of the module, which may raise
            self._reject(plugin, "plugin-hooks", f"has a bad hook: {_shown(error)}")
            return
        hooks = tuple(sorted(caller.name for caller in manager.get_hookcallers(module) or ()))
        plugin = Plugin(
            name=plugin.name,
            distribution=plugin.distribution,
            version=plugin.version,
            is_builtin=plugin.is_builtin,
            hooks=hooks,
            call=lambda hook, **arguments: getattr(manager.hook, hook)(**arguments),
        )
        records: list[Component] = []
        for hook, record_type in REGISTER_HOOKS.items():
            if hook not in hooks:
                continue
            try:
                contributed = [record for result in plugin.call(hook) for record in result]
            except Exception as error:
                self._reject(plugin, "plugin-hooks", f'raised in "{hook}": {_shown(error)}')
                return
            fault = next(filter(None, (_fault(item, record_type) for item in contributed)), None)
            if fault is not None:
                self._reject(
                    plugin, "plugin-record", f'returned a bad record from "{hook}": {fault}'
                )
                return
            records += contributed
        clash = self._clash(records)
        if clash is not None:
            self._reject(plugin, "plugin-conflict", clash)
            return
        self._plugins.append(plugin)
        self._components |= {
            (record.kind, record.name): Registered(record, plugin) for record in records
        }

    def _clash(self, records: Iterable[Component]) -> str | None:
        """What of these names is taken, former names included: they still mean something."""
        taken = {
            (registered.component.kind, name): f"the plugin {registered.plugin} already has"
            for registered in self._components.values()
            for name in _names(registered.component)
        }
        for record in records:
            for name in _names(record):
                if (record.kind, name) in taken:
                    return f'offers the {record.kind} "{name}", which {taken[record.kind, name]}'
                taken[record.kind, name] = "it offers twice"
        return None

    def _reject(self, plugin: Plugin, slug: str, what: str) -> None:
        if plugin.is_builtin:
            raise AssertionError(f"built-in plugin {plugin.name} {what}")
        problem = _problem(plugin, slug, what)
        self._problems.append(problem)
        self._plugins.append(
            Plugin(
                name=plugin.name,
                distribution=plugin.distribution,
                version=plugin.version,
                problem=problem,
            )
        )


def _problem(plugin: Plugin, slug: str, what: str) -> Diagnostic:
    helps: Iterable[str] = ()
    if plugin.distribution:
        helps = (f'tell its authors, or "pip uninstall {plugin.distribution}"',)
    return Diagnostic(
        slug=slug,
        severity=Severity.WARNING,
        headline=f"the plugin {plugin} {what}",
        helps=tuple(helps),
    )


def _fault(record: object, record_type: type) -> str | None:
    """What is wrong with a record: an author may have run no type checker over it."""
    if not isinstance(record, record_type):
        return f"expected {record_type.__name__}, found {type(record).__name__}"
    assert isinstance(record, Component)
    if not isinstance(record.name, str) or not _NAME.fullmatch(record.name):
        return f'the name "{record.name}" is not kebab-case'
    if not isinstance(record.factory, str) or ":" not in record.factory:
        return f'the factory "{record.factory}" of "{record.name}" is not "module:attribute"'
    base = _CONFIG_BASES.get(record.kind, ComponentConfig)
    if not isinstance(record.config, type) or not issubclass(record.config, base):
        return f'the config of "{record.name}" is no subclass of {base.__name__}'
    if not isinstance(record.aliases, tuple):
        return f'the aliases of "{record.name}" are no tuple'
    if isinstance(record, MetricComponent) and not isinstance(record.scores, frozenset):
        return f'the scores of "{record.name}" are no frozenset'
    return None


def _names(record: Component) -> tuple[str, ...]:
    return (record.name, *record.aliases)


def _origin(entry_point: EntryPoint) -> tuple[str, str]:
    """The name and version of the distribution, empty where its metadata cannot be read."""
    try:
        distribution = entry_point.dist
        return (distribution.name, distribution.version) if distribution is not None else ("", "")
    except (
        Exception
    ):  # a half-removed package has no METADATA, and each Python raises another error
        return "", ""


def _shown(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".replace("\n", " ").rstrip(": ")
