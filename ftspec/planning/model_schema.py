"""Models of the language as JSON Schema, in the form that gives the best messages in editors.

For a union, an editor only says that nothing matches. So a union whose branches have different
types becomes one schema, and conditions replace other unions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from ftspec.spec.base import ComponentSection

JsonSchema = dict[str, Any]

ENVIRONMENT = r"\$\{env:[A-Za-z_][A-Za-z0-9_]*(?::-[^}]*)?\}"
"""The pattern of a reference to the environment."""

ENVIRONMENT_REF: JsonSchema = {"$ref": "#/$defs/environment"}

_REF = "#/$defs/"
_KIND = "x-ftspec-kind"  # replaces a component section until it is linked

_MAPS = ("$defs", "dependentSchemas", "patternProperties", "properties")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_ONES = ("additionalProperties", "contains", "else", "items", "then")

# the keywords that apply to values of one type only
_OF_TYPE: dict[str, frozenset[str]] = {
    "array": frozenset({"items", "maxItems", "minItems", "prefixItems", "uniqueItems"}),
    "boolean": frozenset(),
    "integer": frozenset(
        {"exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"}
    ),
    "null": frozenset(),
    "number": frozenset(
        {"exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"}
    ),
    "object": frozenset({"additionalProperties", "properties", "propertyNames", "required"}),
    "string": frozenset({"maxLength", "minLength", "pattern", "patternErrorMessage"}),
}
_ANNOTATIONS = frozenset({"default", "description", "markdownDescription", "title"})


def schema_of(
    model: type[BaseModel], prefix: str = "", *, reads_environment: bool = False
) -> tuple[JsonSchema, dict[str, JsonSchema]]:
    """The schema of a model, and the schemas of the models inside it by their names in ``$defs``.

    These names start with ``prefix``. A component section is ``{"$ref": "#/$defs/<kind>"}``. With
    ``reads_environment``, any string may be a reference to the environment.
    """
    schema = model.model_json_schema(
        schema_generator=_Generator, ref_template=f"{_REF}{prefix}{{model}}"
    )
    models = {prefix + name: inner for name, inner in schema.pop("$defs", {}).items()}
    if "$ref" in schema:  # a model that contains itself
        schema = models[schema["$ref"].removeprefix(_REF)]
    kinds = {name: inner[_KIND] for name, inner in models.items() if _KIND in inner}

    def link(inner: JsonSchema) -> JsonSchema:
        kind = kinds.get(inner.get("$ref", "").removeprefix(_REF))
        linked = inner if kind is None else inner | {"$ref": _REF + kind}
        return with_subschemas(linked, link)

    def finish(inner: JsonSchema) -> JsonSchema:
        return _tidy(link(inner), reads_environment)

    return finish(schema), {
        name: finish(inner) for name, inner in models.items() if name not in kinds
    }


class _Generator(GenerateJsonSchema):
    """Pydantic's schema without generated titles. Sections, and types that JSON Schema cannot
    describe, accept anything."""

    ignored_warning_kinds: ClassVar[set[Any]] = {"skipped-choice", "non-serializable-default"}  # type: ignore[misc]

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        model = schema["cls"]
        if issubclass(model, ComponentSection):
            return {_KIND: model.kind}
        described = super().model_schema(schema)
        if described.get("title") == model.__name__:
            del described["title"]
        return described

    def handle_invalid_for_json_schema(
        self, schema: CoreSchema, error_info: str
    ) -> JsonSchemaValue:
        return {}  # a type of a plugin, which only lint can check


def with_subschemas(schema: JsonSchema, change: Callable[[JsonSchema], JsonSchema]) -> JsonSchema:
    """The schema with each schema directly inside it changed. Conditions stay unchanged."""
    changed = dict(schema)
    for keyword, value in schema.items():
        if keyword in _MAPS:
            changed[keyword] = {name: _changed(inner, change) for name, inner in value.items()}
        elif keyword in _LISTS:
            changed[keyword] = [_changed(inner, change) for inner in value]
        elif keyword in _ONES:
            changed[keyword] = _changed(value, change)
    return changed


def _changed(schema: JsonSchema | bool, change: Callable[[JsonSchema], JsonSchema]) -> Any:
    return schema if isinstance(schema, bool) else change(schema)


def _tidy(schema: JsonSchema, reads_environment: bool) -> JsonSchema:
    schema = with_subschemas(schema, lambda inner: _tidy(inner, reads_environment))
    default = schema.pop("default", None)
    if default not in (None, "", []) and not isinstance(default, Mapping):
        schema["default"] = default  # other defaults only mean that the key is optional
    if "description" in schema:
        schema["description"] = " ".join(schema["description"].replace("``", "`").split())
    if "anyOf" in schema:
        schema = _without_union(schema)
    return _documented(_with_environment(schema) if reads_environment else schema)


def _documented(schema: JsonSchema) -> JsonSchema:
    """The schema with its default in the text that an editor shows."""
    if "description" not in schema or "default" not in schema:
        return schema
    shown = json.dumps(schema["default"], ensure_ascii=False)
    return schema | {"markdownDescription": f"{schema['description']}\n\nDefault: `{shown}`"}


def _without_union(schema: JsonSchema) -> JsonSchema:
    """The schema with the branches of ``anyOf`` merged into one, if possible."""
    branches: list[JsonSchema] = []
    for branch in schema["anyOf"]:
        branches += branch["anyOf"] if branch.keys() == {"anyOf"} else [branch]
    merged: JsonSchema = {}
    kept: list[JsonSchema] = []
    for branch in branches:
        bare = {key: value for key, value in branch.items() if key not in _ANNOTATIONS}
        types = merged.get("type", [])
        if not _is_of_one_type(bare) or not _is_apart(bare["type"], types):
            kept.append(branch)
            continue
        if not merged:
            kept.append(merged)
        merged |= bare | {"type": [*types, bare["type"]]}
    if len(merged.get("type", ())) == 1:
        merged["type"] = merged["type"][0]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return (kept[0] if len(kept) == 1 else {"anyOf": kept}) | rest


def _is_of_one_type(schema: JsonSchema) -> bool:
    of_type = schema.get("type")
    return isinstance(of_type, str) and schema.keys() <= {"type"} | _OF_TYPE[of_type]


def _is_apart(of_type: str, known: list[str]) -> bool:
    numbers = {"integer", "number"}
    return of_type not in known and not (of_type in numbers and numbers & set(known))


def _with_environment(schema: JsonSchema) -> JsonSchema:
    """The schema, extended by references to the environment if it only accepts certain strings."""
    names = [*schema.get("enum", ()), schema.get("const")]
    is_limited = schema.keys() & {"format", "maxLength", "minLength"}
    if not is_limited and not any(isinstance(name, str) for name in names):
        pattern = schema.get("pattern", ENVIRONMENT)
        is_open = pattern.endswith(ENVIRONMENT)
        return schema if is_open else schema | {"pattern": f"{pattern}|{ENVIRONMENT}"}
    outside = {key: value for key, value in schema.items() if key in _ANNOTATIONS}
    inside = {key: value for key, value in schema.items() if key not in outside}
    if "enum" in inside or "const" in inside:
        inside.pop("type", None)  # the names imply it
    # if no branch matches, an editor describes the first one
    return outside | {"anyOf": [inside, ENVIRONMENT_REF]}
