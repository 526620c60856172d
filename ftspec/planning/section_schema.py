"""Component sections as JSON Schema: the type, and the keys of this type.

A section is a chain of conditions on ``type``, not a union. So an editor completes the keys of the
given type and explains mistakes in them, instead of saying that none of twenty types matches.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from ftspec.components import Component
from ftspec.planning.model_schema import JsonSchema, schema_of
from ftspec.planning.overlay_schema import Overlays
from ftspec.registry.registry import Registered, Registry
from ftspec.spec.base import ComponentSection

SECTIONS: tuple[type[ComponentSection], ...] = tuple(ComponentSection.__subclasses__())


def add_sections(
    definitions: dict[str, JsonSchema], registry: Registry, overlays: Overlays
) -> None:
    """Add definitions of every installed component, and of every kind of section as ``<kind>``."""
    for section in SECTIONS:
        overlays.announce(section.kind)
    for registered in sorted(registry, key=lambda one: one.component.name):
        _add_component(definitions, registered)
    for section in SECTIONS:
        _Kind(section, definitions, registry, overlays).add()


def _add_component(definitions: dict[str, JsonSchema], registered: Registered) -> None:
    component = registered.component
    name = f"{component.kind}.{component.name}"
    try:
        schema, inner = schema_of(
            component.config, prefix=f"{name}.", reads_environment=component.kind == "source"
        )
    except Exception:
        if registered.plugin.is_builtin:
            raise
        # pydantic may not know the types of a plugin, which only lint can check
        schema, inner = {"type": "object"}, {}
    # it is behind a condition: a section that is not a mapping is already an error
    del schema["type"]
    words: JsonSchema = {"description": component.summary}
    if not registered.plugin.is_builtin:
        origin = registered.plugin.distribution or registered.plugin.name
        words["markdownDescription"] = f"{component.summary}\n\nFrom `{origin}`"
    definitions[name] = {
        "title": f"{component.kind} {component.name}",
        **schema,
        **words,
        "properties": {"type": named(component) | words} | schema.get("properties", {}),
    }
    definitions |= inner


class _Kind:
    """One kind of section: complete, and as an overlay."""

    def __init__(
        self,
        section: type[ComponentSection],
        definitions: dict[str, JsonSchema],
        registry: Registry,
        overlays: Overlays,
    ) -> None:
        self._kind = section.kind
        self._summary = inspect.getdoc(section) or section.kind
        default = section.model_fields["type"].default
        self._default = default if isinstance(default, str) else None
        self._definitions = definitions
        self._overlays = overlays
        self._components = sorted(
            (one.component for one in registry if one.component.kind == section.kind),
            key=lambda component: component.name,
        )

    def add(self) -> None:
        """Add the definitions of this kind."""
        if not self._components:  # all of them come from plugins, and none is installed
            anything = {"description": self._summary, "type": ["string", "object"]}
            self._definitions |= {
                self._kind: anything,
                self._overlays.announce(self._kind): anything,
            }
            return
        bare = [one for one in self._components if "required" not in self._whole(one)]
        self._definitions |= {
            f"{self._kind}-snippets": {
                "type": "string",
                "defaultSnippets": [self._snippet(component) for component in self._components],
            },
            f"{self._kind}-type": self._names(self._components),
            f"{self._kind}-keys": self._keys(),
            self._kind: self._section(bare, self._default, is_part=False),
            self._overlays.announce(self._kind): self._section(
                self._components, None, is_part=True
            ),
        }

    def _whole(self, component: Component) -> JsonSchema:
        return self._definitions[f"{self._kind}.{component.name}"]

    def _names(self, components: Sequence[Component]) -> JsonSchema:
        known = {component.name: component.summary for component in components}
        former = {
            alias: f'former name of "{component.name}"'
            for component in components
            for alias in component.aliases
        }
        summaries = known | former
        names = {"enum": [*summaries], "enumDescriptions": [*summaries.values()]}
        return {"description": self._summary, **names}

    def _section(
        self, bare: Sequence[Component], default: str | None, *, is_part: bool
    ) -> JsonSchema:
        """The schema of a section. ``bare`` are the components that a bare string may name."""
        conditions: list[JsonSchema] = []
        for component in self._components:
            name = f"{self._kind}.{component.name}"
            keys = self._overlays.ref(name) if is_part else {"$ref": f"#/$defs/{name}"}
            conditions.append(
                {"if": _has_type(component, is_default=component.name == default), "then": keys}
            )
        if default is None:
            keys = {"$ref": f"#/$defs/{self._kind}-keys"}
            conditions.append({"if": {"properties": {"type": False}}, "then": keys})
        mapping: JsonSchema = {
            "properties": {"type": {"$ref": f"#/$defs/{self._kind}-type"}},
            "allOf": conditions,
        }
        if default is None and not is_part:
            mapping["required"] = ["type"]
        # completes an empty value, not the keys of a mapping
        snippets = {"$ref": f"#/$defs/{self._kind}-snippets"}
        section: JsonSchema = {
            "description": self._summary,
            "anyOf": [{"type": "object"}, snippets],
        }
        if not bare:
            return section | {"type": "object"} | mapping
        names = self._names(bare)
        if len(bare) == len(self._components):
            names = {"$ref": f"#/$defs/{self._kind}-type"}
        return section | {"if": {"type": "string"}, "then": names, "else": mapping}

    def _keys(self) -> JsonSchema:
        """All keys of the kind, for a section whose type is in another file."""
        found: dict[str, list[tuple[str, JsonSchema]]] = {}
        for component in self._components:
            part = self._overlays.relax(self._whole(component))
            for key, schema in part["properties"].items():
                if key != "type":
                    found.setdefault(key, []).append((component.name, schema))
        properties = {key: _either(schemas) for key, schemas in found.items()}
        properties["type"] = {"$ref": f"#/$defs/{self._kind}-type"}
        return {"properties": properties, "additionalProperties": False}

    def _snippet(self, component: Component) -> JsonSchema:
        """What an editor inserts for the component: its name and its required keys."""
        whole = self._whole(component)
        body: dict[str, Any] = {"type": component.name}
        for number, key in enumerate(whole.get("required", ()), start=1):
            of_type = whole["properties"][key].get("type")
            body[key] = [f"${number}"] if of_type == "array" else f"${number}"
        return {
            "label": component.name,
            "description": component.summary,
            "body": body if len(body) > 1 else component.name,
        }


def named(component: Component) -> JsonSchema:
    """The names of the component in a spec, including former names."""
    names: list[JsonSchema] = [{"const": name} for name in (component.name, *component.aliases)]
    # no "enum": an editor would take it for the list of all names
    return names[0] if len(names) == 1 else {"anyOf": names}


def _has_type(component: Component, *, is_default: bool) -> JsonSchema:
    condition: JsonSchema = {"properties": {"type": named(component)}}
    return condition if is_default else condition | {"required": ["type"]}


def _either(schemas: Sequence[tuple[str, JsonSchema]]) -> JsonSchema:
    """The schema of a key that several components share."""
    distinct: list[JsonSchema] = []
    described: dict[str, list[str]] = {}
    for name, schema in schemas:
        described.setdefault(schema.get("description", ""), []).append(name)
        if schema not in distinct:
            distinct.append(schema)
    if len(distinct) == 1:
        return distinct[0]
    words = "; ".join(f"{', '.join(names)}: {text}" for text, names in described.items() if text)
    return {"description": words, "anyOf": distinct}
