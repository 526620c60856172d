"""The keys of a component in words: their types and defaults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from ftspec.planning.model_schema import ENVIRONMENT_REF, JsonSchema, schema_of

_WORDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "a mapping",
    "string": "a string",
}


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key.

    Attributes:
        takes: its type in words, such as ``a whole number or null``.
        default: as JSON; ``None`` if there is no default, or it is null.
    """

    name: str
    takes: str
    default: str | None
    is_required: bool
    description: str


def keys_of(config: type[BaseModel]) -> Iterator[Key]:
    """The keys of a config class in the order of the class.

    Raises:
        Exception: pydantic or the class may raise anything when its schema is built.
    """
    schema, definitions = schema_of(config)
    for name, described in schema.get("properties", {}).items():
        default = described.get("default")
        yield Key(
            name=name,
            takes=_takes(described, definitions),
            default=None if default is None else json.dumps(default, ensure_ascii=False),
            is_required=name in schema.get("required", ()),
            description=described.get("description", ""),
        )


def _takes(schema: JsonSchema, definitions: dict[str, JsonSchema]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        inner = definitions.get(name)
        return _takes(inner, definitions) if inner is not None else f"a {name} section"
    if "anyOf" in schema:
        branches = [one for one in schema["anyOf"] if one != ENVIRONMENT_REF]
        return " or ".join(dict.fromkeys(_takes(one, definitions) for one in branches))
    names = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else [])]
    if names:
        return " or ".join(json.dumps(name, ensure_ascii=False) for name in names)
    types = schema.get("type", ())
    types = [types] if isinstance(types, str) else types
    return " or ".join(_WORDS[one] for one in types) or "any value"
