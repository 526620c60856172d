"""A resolved section of a spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic

from ftspec.components import ComponentT, ConfigT
from ftspec.document.paths import SpecPath


@dataclass(frozen=True, kw_only=True)
class PlannedComponent(Generic[ComponentT, ConfigT]):
    """A resolved section: its component, the plugin that has it, and its config.

    Attributes:
        component: the record of the component.
        config: the validated keys; paths are absolute.
        plugin: the name of the plugin.
        at: the path of the section in the spec.
        children: the resolved sections inside this one, by their path below it.
    """

    component: ComponentT
    config: ConfigT
    plugin: str
    at: SpecPath
    children: Mapping[SpecPath, PlannedComponent] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """The value of ``type`` in the spec."""
        return self.component.name

    def to_spec(self) -> dict[str, Any]:
        """The section as written in a spec, with every default filled in."""
        section = {"type": self.type, **self.config.model_dump(mode="json", by_alias=True)}
        for path, child in self.children.items():
            parent: Any = section
            for step in path[:-1]:
                parent = parent[step]
            parent[path[-1]] = child.to_spec()
        return section
