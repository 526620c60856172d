"""The language as JSON Schema (draft 2020-12), for editors: the skeleton, and the sections of every
installed component.

An editor checks a file as it is written, before anything is merged. A file with ``ftspec:`` and
without ``extends`` must be complete. Any other file is a part, without required keys at any depth.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from ftspec.components import TaskComponent
from ftspec.planning.model_schema import ENVIRONMENT, JsonSchema, schema_of
from ftspec.planning.overlay_schema import Overlays
from ftspec.planning.section_schema import add_sections, named
from ftspec.registry.registry import Registry
from ftspec.spec.root import Spec
from ftspec.spec.training_names import OWNED_ARGUMENTS, RENAMED_ARGUMENTS

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_EXTENDS: JsonSchema = {
    "description": "a base file, or several, where the last one wins; relative to this file",
    "type": ["string", "array"],
    "items": {"type": "string"},
}
_PROFILES: JsonSchema = {
    "description": "named overlays: ftspec run SPEC --profile NAME",
    "type": "object",
    "additionalProperties": {"$ref": "#/$defs/profile"},
}
_ENVIRONMENT: JsonSchema = {
    "title": "value from the environment",
    "type": "string",
    "pattern": ENVIRONMENT,
    "patternErrorMessage": "write ${env:NAME} or ${env:NAME:-default}",
}


def spec_schema(registry: Registry) -> JsonSchema:
    """The schema of a spec file, as JSON values. The same registry gives the same schema."""
    definitions: dict[str, JsonSchema] = {"environment": _ENVIRONMENT}
    overlays = Overlays(definitions)
    spec, inner = schema_of(Spec)
    definitions |= inner
    _head_sections(spec, definitions)
    definitions["former-training-keys"] = _former_training_keys()
    definitions["TrainingSection"]["allOf"] = [{"$ref": "#/$defs/former-training-keys"}]
    add_sections(definitions, registry, overlays)
    tasks = sorted(
        (one.component for one in registry if isinstance(one.component, TaskComponent)),
        key=lambda task: task.name,
    )
    definitions |= {f"template.{task.name}": _template(task) for task in tasks}
    part = overlays.relax(spec)
    profile = part | {"allOf": _template_conditions(tasks, overlays)}
    del part["properties"]["ftspec"]
    around = {"extends": _EXTENDS, "profiles": _PROFILES}
    definitions["profile"] = profile
    definitions["part"] = profile | {"properties": spec["properties"] | part["properties"] | around}
    definitions["spec"] = spec | {
        "allOf": _template_conditions(tasks, None),
        "properties": spec["properties"] | around,
    }
    return {
        "$schema": DIALECT,
        "$comment": 'made by "ftspec schema"; do not edit',
        "description": "One fine-tuning run, or a part of one.",
        "type": "object",
        "if": {"required": ["ftspec"], "properties": {"extends": False}},
        "then": {"$ref": "#/$defs/spec"},
        "else": {"$ref": "#/$defs/part"},
        "$defs": dict(sorted(definitions.items())),
    }


def schema_text(registry: Registry) -> str:
    """The schema as the text of a file."""
    return json.dumps(spec_schema(registry), indent=1, ensure_ascii=False) + "\n"


def _head_sections(spec: JsonSchema, definitions: dict[str, JsonSchema]) -> None:
    """Stop editors from filling in every default when they complete the key of a section."""
    for key, schema in spec["properties"].items():
        section = definitions.get(schema.get("$ref", "").removeprefix("#/$defs/"))
        if section is not None:
            section["title"] = key
            schema["type"] = section.pop("type")
            schema["allOf"] = [{"$ref": schema.pop("$ref")}]


def _former_training_keys() -> JsonSchema:
    """Keys that do not, or no longer, belong to this section, with what to write instead. They are
    not properties of the section itself, so each one is also an error."""
    return {
        "properties": {
            name: {"deprecated": True, "deprecationMessage": instead, "description": instead}
            for name, instead in (OWNED_ARGUMENTS | RENAMED_ARGUMENTS).items()
        }
    }


def _template(task: TaskComponent) -> JsonSchema:
    schema: JsonSchema = {
        "properties": {
            field.name: {"description": field.summary, "type": "string"} for field in task.fields
        },
        "additionalProperties": False,
        "title": f"fields of {task.name}",
    }
    required = [field.name for field in task.fields if field.required]
    return schema | ({"required": required} if required else {})


def _template_conditions(
    tasks: Iterable[TaskComponent], overlays: Overlays | None
) -> list[JsonSchema]:
    """For each task, a condition that the template fills the fields of this task."""
    conditions = []
    for task in tasks:
        names = named(task)
        mapping: JsonSchema = {"required": ["type"], "properties": {"type": names}}
        has_task = {"if": {"type": "string"}, "then": names, "else": mapping}
        name = f"template.{task.name}"
        template = overlays.ref(name) if overlays else {"$ref": f"#/$defs/{name}"}
        conditions.append(
            {
                "if": {"required": ["task"], "properties": {"task": has_task}},
                "then": {"properties": {"preprocess": {"properties": {"template": template}}}},
            }
        )
    return conditions
