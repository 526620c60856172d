"""The plugin under test: the installed plugin, and the folder of its project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ftspec.components import Component
from ftspec.planning.model_schema import schema_of
from ftspec.planning.starter import stand_in
from ftspec.registry.discover import build_registry
from ftspec.registry.registry import Plugin, Registry
from ftspec.testing.check import NonconformingError


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A plugin under test.

    Attributes:
        plugin: the plugin, as discovery finds it.
        registry: all installed plugins.
        project: the folder with its README.md, ``specs/`` and ``tests/cases/``. Checks of missing
            files are skipped.
        samples: by ``"<kind> <name>"``, the keys of a component in a spec, if generated values
            that fit its schema are not valid.
    """

    plugin: Plugin
    registry: Registry
    project: Path | None = None
    samples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def installed(
        cls,
        name: str,
        *,
        project: Path | None = None,
        samples: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Subject:
        """The installed plugin with the name of an entry point, or of the module of built-ins.

        Raises:
            LookupError: the plugin is not installed.
            NonconformingError: the plugin is broken.
        """
        registry = build_registry()
        found = next((plugin for plugin in registry.plugins if plugin.name == name), None)
        if found is None:
            names = ", ".join(f'"{plugin.name}"' for plugin in registry.plugins)
            raise LookupError(f'no plugin "{name}" is installed, only {names}')
        if found.problem is not None:
            raise NonconformingError(found.problem.headline)
        return cls(plugin=found, registry=registry, project=project, samples=samples or {})

    @property
    def components(self) -> tuple[Component, ...]:
        """The records of the plugin."""
        return tuple(one.component for one in self.registry if one.plugin.name == self.plugin.name)

    def least_keys(self, component: Component) -> Mapping[str, Any]:
        """The required keys of a component: its sample, or values that fit its schema."""
        sample = self.samples.get(title(component))
        if sample is not None:
            return sample
        schema, definitions = schema_of(component.config)
        properties = schema.get("properties", {})
        return {key: stand_in(properties[key], definitions) for key in schema.get("required", ())}


def title(component: Component) -> str:
    """``"<kind> <name>"``, the name of a component in the kit."""
    return f"{component.kind} {component.name}"
