"""Overlays as JSON Schema: the same keys at every depth, and none of them is required.

A profile, a base file and a spec that extends one are only parts of a spec. Lists are not merged,
so the items of a list are complete.
"""

from __future__ import annotations

from ftspec.planning.model_schema import JsonSchema, with_subschemas

_REF = "#/$defs/"
# rules over several keys apply only after all overlays are merged
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
    """Adds definitions that accept any part of another definition, on request."""

    def __init__(self, definitions: dict[str, JsonSchema]) -> None:
        self._definitions = definitions
        self._names: dict[str, str] = {}

    def announce(self, name: str) -> str:
        """The name of the overlay of ``name``, which the caller defines."""
        return self._names.setdefault(name, f"overlay.{name}")

    def ref(self, name: str) -> JsonSchema:
        """A reference to the overlay of a definition, or to a definition that requires nothing."""
        if name not in self._names:
            whole = self._definitions[name]
            self.announce(name)  # a model may contain itself
            part = self.relax(whole)
            if part == whole:
                self._names[name] = name
            else:
                self._definitions[self._names[name]] = part
        return {"$ref": _REF + self._names[name]}

    def relax(self, schema: JsonSchema) -> JsonSchema:
        """The schema of any part of a value of ``schema``."""
        part = {
            key: value
            for key, value in schema.items()
            if key not in _RULES
            or (key == "allOf" and all(one.keys() == {"$ref"} for one in value))
        }
        if "properties" in part:
            part.pop("anyOf", None)  # also a rule, not a union
        inside = {key: part.pop(key) for key in ("items", "prefixItems") if key in part}
        relaxed = with_subschemas(part, self.relax) | inside
        if "$ref" in part and part["$ref"] != f"{_REF}environment":
            relaxed |= self.ref(part["$ref"].removeprefix(_REF))
        return relaxed
