"""Overlays as JSON Schema: the same keys at every depth, none of them required.

A profile, a file to extend and a spec that extends one say only a part; the rest is in another
file. Lists are not merged, so what is inside a list is whole.
"""

from __future__ import annotations

from ftspec.planning.model_schema import JsonSchema, with_subschemas

_REF = "#/$defs/"
# what is said of several keys holds when all overlays are applied, not before
_RULES = frozenset(
    {
        "allOf",
        "dependentRequired",
        "dependentSchemas",
        "else",
        "if",
        "minProperties",
        "not",
        "oneOf",
        "required",
        "then",
    }
)


class Overlays:
    """Adds to the definitions, for each that is asked for, one that takes any part of it."""

    def __init__(self, definitions: dict[str, JsonSchema]) -> None:
        self._definitions = definitions
        self._names: dict[str, str] = {}

    def announce(self, name: str) -> str:
        """The name that the overlay of ``name`` has, which the caller itself defines."""
        return self._names.setdefault(name, f"overlay.{name}")

    def ref(self, name: str) -> JsonSchema:
        """A reference to the overlay of a definition, or to itself where it requires nothing."""
        if name not in self._names:
            whole = self._definitions[name]
            self.announce(name)  # a model may hold itself
            part = self.relax(whole)
            if part == whole:
                self._names[name] = name
            else:
                self._definitions[self._names[name]] = part
        return {"$ref": _REF + self._names[name]}

    def relax(self, schema: JsonSchema) -> JsonSchema:
        """The schema of any part of what ``schema`` describes."""
        part = {
            key: value
            for key, value in schema.items()
            if key not in _RULES
            or (key == "allOf" and all(one.keys() == {"$ref"} for one in value))
        }
        if "properties" in part:
            part.pop("anyOf", None)  # a rule too, and no union
        inside = {key: part.pop(key) for key in ("items", "prefixItems") if key in part}
        relaxed = with_subschemas(part, self.relax) | inside
        if "$ref" in part and part["$ref"] != f"{_REF}environment":
            relaxed |= self.ref(part["$ref"].removeprefix(_REF))
        return relaxed
