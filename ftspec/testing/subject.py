"""The plugin under test: what is installed of it, and where its project lies."""

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
        plugin: as discovery sees it.
        registry: everything installed beside it.
        project: the folder with its README.md, ``specs/`` and ``tests/cases/``; checks of what is
            not there are left out.
        samples: for a component, named ``"<kind> <name>"``, the keys that a spec must give it,
            where values that fit its schema are not enough.
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
        """The installed plugin of that name: its entry point's, or its module's for a built-in.

        Raises:
            LookupError: no such plugin is installed.
            NonconformingError: it is, and is broken.
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
        """The records it contributes."""
        return tuple(one.component for one in self.registry if one.plugin.name == self.plugin.name)

    def least_keys(self, component: Component) -> Mapping[str, Any]:
        """The least a spec must say of a component: the sample, or values that fit its schema."""
        sample = self.samples.get(title(component))
        if sample is not None:
            return sample
        schema, definitions = schema_of(component.config)
        properties = schema.get("properties", {})
        return {key: stand_in(properties[key], definitions) for key in schema.get("required", ())}


def title(component: Component) -> str:
    """``"<kind> <name>"``: how the kit calls a component."""
    return f"{component.kind} {component.name}"
