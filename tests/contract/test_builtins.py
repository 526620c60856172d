"""What every built-in component promises, whichever it is."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from ftspec.components import CallbackConfig, TaskComponent, TaskConfig, TokenizerConfig
from ftspec.engine.factories import load_factory
from ftspec.registry.discover import build_registry
from ftspec.spec.base import ComponentConfig, SpecModel

COMPONENTS = [registered.component for registered in build_registry(with_entry_points=False)]
CONFIGS: list[type[SpecModel]] = list(dict.fromkeys(one.config for one in COMPONENTS))

# the least a spec must say of each that needs something
LEAST: dict[str, dict[str, Any]] = {
    "HubConfig": {"path": "acme/rows"},
    "JsonConfig": {"files": "rows.jsonl"},
    "CsvConfig": {"files": ["a.csv", "b.csv"]},
    "ParquetConfig": {"files": {"train": "a.parquet", "test": ["b.parquet"]}},
    "TextConfig": {"files": "*.txt"},
    "DiskConfig": {"path": "rows"},
    "PackageConfig": {"package": "acme", "files": "rows.jsonl", "format": "json"},
    "MixtureConfig": {
        "sources": [{"source": "a"}, {"source": {"type": "b", "x": 1}, "weight": 2.0}]
    },
    "FilterConfig": {"column": "text", "not_missing": True},
    "TrainTokenizerConfig": {"algorithm": "bpe"},
    "HubMetricConfig": {"path": "acme/metric", "trust_remote_code": True},
}


def models_in(config: type[BaseModel]) -> list[type[BaseModel]]:
    """The config and the models of the language inside it."""
    found = [config]
    for field in config.model_fields.values():
        for inner in re.findall(r"ftspec\.builtin[\w.]+\.(\w+)", str(field.annotation)):
            module = __import__(config.__module__, fromlist=[inner])
            found += models_in(getattr(module, inner))
    return found


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda one: f"{one.kind} {one.name}")
def test_its_factory_is_there(component: Any) -> None:
    assert callable(load_factory(component))
    assert component.factory.startswith("ftspec.builtin.")


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda one: f"{one.kind} {one.name}")
def test_its_record_is_in_form(component: Any) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", component.name)
    assert component.summary
    assert not component.summary.endswith(".")
    first = component.summary.split()[0].strip(",")
    assert first.islower() or first in ("BLEU", "JSON", "Parquet"), first
    base = {"tokenizer": TokenizerConfig, "task": TaskConfig}.get(component.kind, ComponentConfig)
    assert issubclass(component.config, base)
    if component.kind == "callback" and component.name != "generated-samples":
        assert issubclass(component.config, CallbackConfig)


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda one: f"{one.kind} {one.name}")
def test_metrics_score_what_tasks_predict(component: Any) -> None:
    if not isinstance(component, TaskComponent):
        return
    registry = build_registry(with_entry_points=False)
    assert component.inputs
    for prediction, names in component.default_metrics.items():
        for name in names:
            registered = registry.get("metric", name)
            assert registered is not None
            assert prediction in registered.component.scores  # type: ignore[attr-defined]


def test_every_kind_has_its_own_names() -> None:
    names = [(one.kind, name) for one in COMPONENTS for name in (one.name, *one.aliases)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda one: one.__name__)
def test_config_is_closed_and_frozen(config: type[SpecModel]) -> None:
    for model in models_in(config):
        assert model.model_config["extra"] == "forbid"
        assert model.model_config["frozen"] is True
        assert model.model_config["strict"] is True
    least = LEAST.get(config.__name__, {})
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        config.model_validate({**least, "no_such_key": 1})
    valid = config.model_validate(least)
    for name in config.model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(valid, name, None)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda one: one.__name__)
def test_every_key_is_described(config: type[SpecModel]) -> None:
    for model in models_in(config):
        assert model.__doc__
        for name, field in model.model_fields.items():
            assert field.description, name
            assert not field.description.endswith("."), name
            assert re.fullmatch(r"[a-z0-9_]+", name)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda one: one.__name__)
def test_defaults_are_valid(config: type[SpecModel]) -> None:
    needed = {name for name, field in config.model_fields.items() if field.is_required()}
    assert needed == LEAST.get(config.__name__, {}).keys() & needed
    least = LEAST.get(config.__name__, {})
    given = config.model_validate(least)
    # every default written out passes the same strict validation as a user's value
    written = given.model_dump(mode="json", by_alias=True)
    assert config.model_validate(written) == given


@pytest.mark.parametrize("config", CONFIGS, ids=lambda one: one.__name__)
def test_it_survives_json(config: type[SpecModel]) -> None:
    given = config.model_validate(LEAST.get(config.__name__, {}))
    text = json.dumps(given.model_dump(mode="json", by_alias=True))
    again = config.model_validate(json.loads(text))
    assert again == given
    assert again.model_dump(mode="json", by_alias=True) == json.loads(text)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda one: one.__name__)
def test_it_has_a_schema(config: type[SpecModel]) -> None:
    schema = config.model_json_schema()
    assert schema["additionalProperties"] is False
    assert schema["description"]
