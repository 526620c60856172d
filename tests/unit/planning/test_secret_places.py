"""The keys that accept values from the environment, and the keys that refuse them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from ftspec.components import Component
from ftspec.diagnostics.model import Collector
from ftspec.document.load import load_document
from ftspec.document.paths import SpecPath, format_path
from ftspec.planning.secret_places import misplaced_secrets
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText
from ftspec.spec.annotations import as_model, as_section
from ftspec.spec.root import Spec

REGISTRY = build_registry(with_entry_points=False)

SECTIONS: dict[str, SpecPath] = {
    "source": ("data", "source"),
    "transform": ("preprocess", "transforms", 0),
    "tokenizer": ("tokenizer",),
    "adapter": ("model", "adapter"),
    "task": ("task",),
    "metric": ("metrics", 0),
    "callback": ("callbacks", 0),
    "launcher": ("launcher",),
}

ALLOWED = {
    "model.checkpoint",
    "model.revision",
    "output.dir",
    "tokenizer.checkpoint",
    "tokenizer.revision",
    "training.deepspeed",
    "training.fsdp_config",
    "training.hub_token",
    "metrics[0].revision",
}
NOT_IN_A_SOURCE = {"column_names", "columns", "text_columns", "type"}


def keys_of_spec(model: type[BaseModel], at: SpecPath = ()) -> Iterator[SpecPath]:
    """Every key of the skeleton; a section of a component is one."""
    for name, field in model.model_fields.items():
        path = (*at, field.alias or name)
        inner = as_model(field.annotation)
        if inner is not None and as_section(field.annotation) is None:
            yield from keys_of_spec(inner, path)
        else:
            yield path


def keys_of_components() -> Iterator[tuple[Component, str]]:
    for registered in REGISTRY:
        component = registered.component
        for name, field in component.config.model_fields.items():
            yield component, field.alias or name
        yield component, "type"


def refused(values: Any) -> list[str]:
    """The places where a value from the environment is refused."""
    import yaml

    source = SourceText("spec.yaml", yaml.safe_dump(values))
    document = load_document(source, Collector(), environment={"CANARY": "hunter2secret"})
    assert document is not None
    return [finding.slug for finding in misplaced_secrets(document, REGISTRY)]


def spec_with(path: SpecPath, value: Any) -> Any:
    """A mapping, or a list of one item, for each step of the path."""
    for step in reversed(path):
        value = [value] if isinstance(step, int) else {step: value}
    return value


@pytest.mark.parametrize("path", list(keys_of_spec(Spec)), ids=format_path)
@pytest.mark.parametrize("written", ["${env:CANARY}", "a ${env:CANARY}", "${env:NOT_SET:-x}"])
def test_key_of_the_skeleton(path: SpecPath, written: str) -> None:
    found = refused(spec_with(path, written))
    if path == ("training", "hub_token") and written != "${env:CANARY}":
        assert found == ["clear-secret"]
    else:
        assert found == ([] if format_path(path) in ALLOWED else ["misplaced-secret"])


@pytest.mark.parametrize(
    ("component", "key"),
    [
        pytest.param(component, key, id=f"{component.kind} {component.name} {key}")
        for component, key in keys_of_components()
    ],
)
def test_key_of_a_component(component: Component, key: str) -> None:
    section = SECTIONS[component.kind]
    found = refused(spec_with(section, {"type": component.name} | {key: "${env:CANARY}"}))
    allowed = format_path((*section, key)) in ALLOWED
    if component.kind == "source":
        allowed = key not in NOT_IN_A_SOURCE
    assert found == ([] if allowed else ["misplaced-secret"])


@pytest.mark.parametrize("path", [("task",), ("tokenizer",), ("metrics", 0), ("data", "source")])
def test_name_of_a_component(path: SpecPath) -> None:
    assert refused(spec_with(path, "${env:CANARY}")) == ["misplaced-secret"]


def test_keys_inside_lists_and_mappings_are_like_the_key() -> None:
    files = {"train": ["${env:CANARY}/a", "${env:CANARY}/b"]}
    assert refused({"data": {"source": {"type": "json", "files": files}}}) == []
    inner = {"source": {"type": "csv", "files": "${env:CANARY}", "column_names": ["${env:CANARY}"]}}
    mixture = {"data": {"source": {"type": "mixture", "sources": [inner]}}}
    assert refused(mixture) == ["misplaced-secret"]
    assert refused({"model": {"config": {"a": {"b": "${env:CANARY}"}}}}) == ["misplaced-secret"]


def test_unknown_keys_and_types_are_errors_of_their_own() -> None:
    assert refused({"training": {"hub_tokn": "${env:CANARY}"}}) == []
    assert refused({"callbacks": [{"type": "no-such", "key": "${env:CANARY}"}]}) == []
