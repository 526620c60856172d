"""The JSON Schema of the language: complete, described, of the installed plugins, and stable."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from ftspec.components import CallbackComponent, CallbackConfig, SourceComponent
from ftspec.planning.model_schema import ENVIRONMENT, JsonSchema, schema_of
from ftspec.planning.schema import DIALECT, schema_text, spec_schema
from ftspec.registry.discover import build_registry
from ftspec.registry.registry import Plugin, Registered, Registry
from ftspec.spec.base import ComponentConfig, SourceSection, SpecModel

SPEC: dict[str, Any] = {
    "ftspec": 1,
    "data": {"source": {"type": "hub", "path": "a/b"}},
    "preprocess": {"template": {"text": "{text}", "label": "{label}"}},
    "model": {"checkpoint": "a/b"},
    "task": "text-classification",
}


@pytest.fixture(scope="module")
def schema() -> JsonSchema:
    return spec_schema(build_registry(with_entry_points=False))


def faults(schema: JsonSchema, values: Any) -> list[str]:
    found = Draft202012Validator(schema).iter_errors(values)
    return sorted(f"{error.json_path}: {error.message}" for error in found)


def subschemas(schema: Any) -> Iterator[JsonSchema]:
    """Every mapping in the schema, conditions left out: they describe nothing."""
    if isinstance(schema, dict):
        yield schema
        for key, inner in schema.items():
            if key != "if":
                yield from subschemas(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from subschemas(inner)


def with_component(component: Any) -> JsonSchema:
    builtins = build_registry(with_entry_points=False)
    plugin = Plugin(name="third", distribution="dist-third", version="1")
    known = {**builtins.components, (component.kind, component.name): Registered(component, plugin)}
    return spec_schema(Registry(known, (*builtins.plugins, plugin)))


# As a schema


def test_schema_is_valid_in_its_dialect(schema: JsonSchema) -> None:
    assert schema["$schema"] == DIALECT
    Draft202012Validator.check_schema(schema)


def test_every_reference_leads_to_a_definition(schema: JsonSchema) -> None:
    references = {one["$ref"] for one in subschemas(schema) if isinstance(one.get("$ref"), str)}
    assert {name.removeprefix("#/$defs/") for name in references} <= schema["$defs"].keys()


def test_every_key_of_the_language_is_described(schema: JsonSchema) -> None:
    nameless = []
    for name, definition in schema["$defs"].items():
        if definition.get("additionalProperties") is not False:
            continue
        for key, described in definition["properties"].items():
            target = schema["$defs"].get(described.get("$ref", "").removeprefix("#/$defs/"), {})
            if not (described | target).get("description"):
                nameless.append(f"{name}.{key}")
    assert nameless == []


def test_every_type_is_described_in_the_list_of_names(schema: JsonSchema) -> None:
    for kind in ("callback", "metric", "source", "task", "tokenizer", "transform"):
        names = schema["$defs"][f"{kind}-type"]
        assert len(names["enum"]) == len(names["enumDescriptions"]) > 0
        assert all(names["enumDescriptions"])


def test_defaults_and_choices_of_transformers_are_there(schema: JsonSchema) -> None:
    training = schema["$defs"]["TrainingSection"]["properties"]
    assert training["learning_rate"]["default"] == 5e-5
    assert training["learning_rate"]["markdownDescription"].endswith("Default: `5e-05`")
    assert training["save_strategy"]["enum"] == ["no", "steps", "epoch", "best"]
    assert training["optim_target_modules"]["type"] == ["string", "array", "null"]


def test_text_is_the_same_whatever_the_order_of_sets() -> None:
    program = (
        "from ftspec.planning.schema import schema_text;"
        "from ftspec.registry.discover import build_registry;"
        "import sys; sys.stdout.buffer.write("
        "schema_text(build_registry(with_entry_points=False)).encode())"
    )
    texts = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout.decode()
        for seed in ("1", "2")
    ]
    assert texts == [schema_text(build_registry(with_entry_points=False))] * 2


# What it says of specs


def test_fault_is_named_at_its_place_alone(schema: JsonSchema) -> None:
    assert faults(schema, SPEC) == []
    source = {"type": "hub", "paht": "a/b"}
    assert faults(schema, SPEC | {"data": {"source": source}}) == [
        "$.data.source: 'path' is a required property",
        "$.data.source: Additional properties are not allowed ('paht' was unexpected)",
    ]
    assert faults(schema, SPEC | {"data": {"source": source | {"type": "hbu"}}}) == [
        "$.data.source.type: 'hbu' is not one of ['csv', 'disk', 'hub', 'json', 'mixture', "
        "'package', 'parquet', 'text', 'jsonl']"
    ]
    assert faults(schema, SPEC | {"training": {"lerning_rate": 1}}) == [
        "$.training: Additional properties are not allowed ('lerning_rate' was unexpected)"
    ]


def test_bare_name_stands_for_a_type_that_needs_no_keys(schema: JsonSchema) -> None:
    assert faults(schema, SPEC | {"metrics": ["accuracy", {"type": "f1"}]}) == []
    assert faults(schema, SPEC | {"tokenizer": "auto"}) == []
    assert faults(schema, SPEC | {"tokenizer": {"max_length": 8}}) == []  # auto by default
    assert faults(schema, SPEC | {"tokenizer": "train"}) != []
    assert faults(schema, SPEC | {"metrics": ["hub"]}) != []
    assert faults(schema, SPEC | {"data": {"source": "hub"}}) != []


def test_former_name_is_a_name(schema: JsonSchema) -> None:
    source = {"type": "jsonl", "files": "x.jsonl"}
    assert faults(schema, SPEC | {"data": {"source": source}}) == []
    assert faults(schema, SPEC | {"data": {"source": source | {"delimiter": ","}}}) != []


@pytest.mark.parametrize(
    "changes",
    [
        {"data": {"source": {"type": "csv", "files": "${env:FILES}", "delimiter": "${env:D}"}}},
        {"data": {"source": {"type": "hub", "path": "${env:PATH}", "revision": "${env:COMMIT}"}}},
        {"model": {"checkpoint": "${env:MODEL}", "revision": "${env:COMMIT}"}},
        {"training": {"hub_token": "${env:HF_TOKEN}"}},
        {"output": {"dir": "${env:HOME}/runs"}},
    ],
    ids=str,
)
def test_reference_to_the_environment_stands_where_a_secret_may(
    changes: dict[str, Any], schema: JsonSchema
) -> None:
    assert faults(schema, SPEC | changes) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "${env:NAME}"},
        {"task": "${env:TASK:-text-classification}"},
        {"data": {"source": {"type": "${env:TYPE}", "path": "a/b"}}},
        {"performance": {"precision": "${env:PRECISION}"}},
        {"data": SPEC["data"] | {"splits": {"train": "${env:SLICE:-train}"}}},
        {"training": {"eval_strategy": "${env:WHEN}"}},
        {"seed": "${env:SEED}"},
        {"performance": {"precision": "${env:}"}},
        {"data": {"source": {"type": "${env:TYPE}", "paht": "a/b"}}},
        {"model": {"trust_remote_code": "${env:TRUST}", "checkpoint": "a/b"}},
    ],
    ids=str,
)
def test_reference_to_the_environment_stands_nowhere_else(
    changes: dict[str, Any], schema: JsonSchema
) -> None:
    assert faults(schema, SPEC | changes) != []


def test_template_fills_the_fields_of_the_task_beside_it(schema: JsonSchema) -> None:
    assert faults(schema, SPEC | {"task": {"type": "summarization"}}) == [
        "$.preprocess.template: 'source' is a required property",
        "$.preprocess.template: 'target' is a required property",
        "$.preprocess.template: Additional properties are not allowed "
        "('label', 'text' were unexpected)",
    ]
    fields = schema["$defs"]["template.text-classification"]["properties"]
    assert list(fields) == ["text", "text_pair", "label"]


@pytest.mark.parametrize(
    ("split", "is_valid"),
    [
        ("train[:10%] + test", True),
        ("train[:10", False),
        ({"slice": "train"}, True),
        ({"from": "train", "fraction": 0.1, "group_by": "id"}, True),
        ({"from": "train"}, False),
        ({"fraction": 0.1}, False),
        ({"slice": "train", "fraction": 0.1}, False),
        ({"from": "train", "fraction": 0.1, "group_by": "a", "stratify_by": "b"}, False),
        ({"from": "train", "fraction": 1}, False),
        (None, True),
        (3, False),
    ],
)
def test_split_is_a_slice_or_held_out(split: Any, is_valid: bool, schema: JsonSchema) -> None:
    data = SPEC["data"] | {"splits": {"validation": split}}
    assert (faults(schema, SPEC | {"data": data}) == []) is is_valid


@pytest.mark.parametrize(
    ("model", "is_valid"),
    [
        ({"checkpoint": "a/b", "architecture": None}, True),
        ({"checkpoint": "a/b", "init": "random"}, True),
        ({"architecture": "gpt2", "init": "random"}, True),
        ({"architecture": "gpt2", "init": "${env:INIT}"}, False),
        ({"architecture": "gpt2"}, False),
        ({"checkpoint": "a/b", "architecture": "gpt2"}, False),
        ({"init": "random"}, False),
        ({}, False),
    ],
)
def test_model_is_named_once(model: Any, is_valid: bool, schema: JsonSchema) -> None:
    assert (faults(schema, SPEC | {"model": model}) == []) is is_valid


# Parts


PARTS: list[dict[str, Any]] = [
    {"data": {"splits": {"validation": {"fraction": 0.2}}}},
    {"data": {"source": {"revision": "main"}}},
    {"data": {"source": {"type": "csv", "delimiter": ";"}}},
    {"data": {"source": "hub"}},
    {"preprocess": {"template": {"label": "{stars}"}}},
    {"preprocess": {"transforms": []}},
    {"tokenizer": {"vocab_size": 100}},
    {"model": {"revision": "main"}},
    {"task": {"num_beams": 4}},
    {"training": {"max_steps": 2}},
    {"metrics": None},
]
WRONG_PARTS: list[dict[str, Any]] = [
    {"data": {"source": {"revsion": "main"}}},
    {"data": {"source": {"type": "csv", "field": "x"}}},
    {"data": {"splits": {"validation": {"fraction": 2}}}},
    {"task": {"num_beams": "4"}},
    {"training": {"warmup_ratio": 0.1}},
    {"metrics": [{"average": "macro"}]},  # a list is not merged: what is inside is whole
    {"callbacks": [{"type": "early-stoping"}]},
]


@pytest.mark.parametrize("part", PARTS, ids=str)
def test_any_part_may_be_left_out_of_an_overlay(part: dict[str, Any], schema: JsonSchema) -> None:
    assert faults(schema, part) == []
    assert faults(schema, {"ftspec": 1, "extends": "base.yaml"} | part) == []
    assert faults(schema, {"ftspec": 1, "extends": ["a.yaml", "b.yaml"]} | part) == []
    assert faults(schema, SPEC | {"profiles": {"small": part}}) == []


@pytest.mark.parametrize("part", WRONG_PARTS, ids=str)
def test_what_is_in_an_overlay_must_be_right(part: dict[str, Any], schema: JsonSchema) -> None:
    assert faults(schema, part) != []
    assert faults(schema, {"ftspec": 1, "extends": "base.yaml"} | part) != []
    assert faults(schema, SPEC | {"profiles": {"small": part}}) != []


@pytest.mark.parametrize("key", ["ftspec", "extends", "profiles"])
def test_keys_of_the_file_have_no_place_in_a_profile(key: str, schema: JsonSchema) -> None:
    value: Any = {"ftspec": 1, "extends": "x", "profiles": {}}[key]
    assert faults(schema, SPEC | {"profiles": {"small": {key: value}}}) != []


def test_spec_that_extends_nothing_must_be_whole(schema: JsonSchema) -> None:
    assert faults(schema, {"ftspec": 1}) == [
        "$: 'data' is a required property",
        "$: 'model' is a required property",
        "$: 'preprocess' is a required property",
        "$: 'task' is a required property",
    ]


# Plugins

PLUGIN = """
from ftspec.api import ComponentConfig, Field, TransformComponent, hookimpl

class ShoutConfig(ComponentConfig):
    column: str = Field(description="the column to put in upper case")
    volume: int = Field(default=11, ge=1, description="how loud")

@hookimpl
def ftspec_register_transforms():
    yield TransformComponent(
        name="shout", summary="put a column in upper case", config=ShoutConfig, factory="x:Shout"
    )
"""


def test_installed_plugin_adds_its_section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "testplugin_schema_shout.py").write_text(PLUGIN)
    info = tmp_path / "dist_shout-1.2.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[ftspec]\nshout = testplugin_schema_shout\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dist-shout\nVersion: 1.2\n")
    registry = build_registry()
    sys.modules.pop("testplugin_schema_shout")
    assert registry.problems == ()
    schema = spec_schema(registry)
    section = schema["$defs"]["transform.shout"]
    assert section["description"] == "put a column in upper case"
    assert section["markdownDescription"].endswith("From `dist-shout`")
    assert section["properties"]["volume"]["default"] == 11

    def with_transform(transform: Any) -> dict[str, Any]:
        return SPEC | {"preprocess": {**SPEC["preprocess"], "transforms": [transform]}}

    assert faults(schema, with_transform({"type": "shout", "column": "text"})) == []
    assert faults(schema, with_transform({"type": "shout", "column": "text", "volume": 0})) != []
    assert faults(schema, with_transform({"type": "shout", "colunm": "text"})) != []
    assert faults(schema, with_transform("shout")) != []  # it needs a key
    builtins = spec_schema(build_registry(with_entry_points=False))
    assert faults(builtins, with_transform({"type": "shout", "column": "text"})) != []


class Node(SpecModel):
    """A model that contains itself, and a section."""

    source: SourceSection | None = Field(default=None, description="rows")
    children: dict[str, Node] = Field(default={}, description="more of them")


class TreeConfig(ComponentConfig):
    root: Node = Field(description="the first")


def test_model_that_holds_itself_may_be_left_out_in_part() -> None:
    schema = with_component(
        SourceComponent(name="tree", summary="a tree", config=TreeConfig, factory="x:y")
    )
    Draft202012Validator.check_schema(schema)
    deep = {"children": {"a": {"children": {"b": {"source": {"type": "hub", "path": "a/b"}}}}}}
    assert faults(schema, SPEC | {"data": {"source": {"type": "tree", "root": deep}}}) == []
    deep = {"children": {"a": {"children": {"b": {"source": {"type": "hub"}}}}}}
    assert faults(schema, SPEC | {"data": {"source": {"type": "tree", "root": deep}}}) != []
    profile = {"data": {"source": {"type": "tree", "root": deep}}}
    assert faults(schema, SPEC | {"profiles": {"small": profile}}) == []


class Unwritten(BaseModel):
    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        raise RuntimeError("no schema")


class UnwrittenConfig(CallbackConfig):
    value: Unwritten = Field(description="what has no schema")


def test_config_without_a_schema_leaves_its_section_open() -> None:
    schema = with_component(
        CallbackComponent(name="odd", summary="odd", config=UnwrittenConfig, factory="x:y")
    )
    assert faults(schema, SPEC | {"callbacks": [{"type": "odd", "value": 3, "more": 4}]}) == []
    assert faults(schema, SPEC | {"callbacks": [{"type": "old"}]}) != []


# Models


class Wide(SpecModel):
    """Lines of
    ``text``."""

    union: Annotated[int, Field(ge=2)] | list[str] | None = None
    numbers: int | float = 1
    name: Literal["a", "b"] | bool | None = None
    letter: str | None = Field(default=None, max_length=1)
    pattern: str = Field(default="x", pattern="^a|b$")


def test_union_is_one_schema_where_types_tell_the_branches_apart() -> None:
    schema, inner = schema_of(Wide, reads_environment=True)
    properties = schema["properties"]
    assert inner == {}
    assert schema["description"] == "Lines of `text`."
    assert properties["union"] == {
        "type": ["integer", "array", "null"],
        "minimum": 2,
        "items": {"type": "string"},
    }
    assert properties["numbers"]["anyOf"] == [{"type": "integer"}, {"type": "number"}]
    assert properties["name"]["anyOf"] == [
        {"enum": ["a", "b"]},
        {"$ref": "#/$defs/environment"},
        {"type": ["boolean", "null"]},
    ]
    assert properties["letter"]["anyOf"] == [
        {"type": ["string", "null"], "maxLength": 1},
        {"$ref": "#/$defs/environment"},
    ]
    assert properties["pattern"]["pattern"] == f"^a|b$|{ENVIRONMENT}"
