"""The frozen map of components."""

from __future__ import annotations

import dataclasses

import pytest

from ftspec.components import KINDS, METRIC, SOURCE, SourceComponent
from ftspec.registry.registry import Plugin, Registered, Registry
from ftspec.spec.base import ComponentConfig


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("source", "hub"),
        ("source", "mixture"),
        ("transform", "deduplicate"),
        ("tokenizer", "train"),
        ("task", "text-classification"),
        ("task", "summarization"),
        ("metric", "rouge"),
        ("callback", "early-stopping"),
    ],
)
def test_builtin_component_is_found_by_kind_and_name(
    kind: str, name: str, registry: Registry
) -> None:
    registered = registry.get(KINDS[kind], name)
    assert registered is not None
    assert (registered.component.kind, registered.component.name) == (kind, name)
    assert registered.plugin.is_builtin


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("source", "rouge"),
        ("metric", "json"),
        ("source", ""),
        ("source", "JSON"),
    ],
)
def test_name_of_another_kind_is_not_found(kind: str, name: str, registry: Registry) -> None:
    assert registry.get(KINDS[kind], name) is None


def test_former_name_finds_the_component_of_today(registry: Registry) -> None:
    registered = registry.get(SOURCE, "jsonl")
    assert registered is not None
    assert registered.component.name == "json"
    assert registry.get(METRIC, "jsonl") is None


def test_names_of_a_kind_are_sorted_and_without_former_ones(registry: Registry) -> None:
    names = registry.names("source")
    assert list(names) == sorted(names)
    assert "json" in names
    assert "jsonl" not in names
    assert registry.names("nothing") == ()


def test_registry_iterates_over_every_component(registry: Registry) -> None:
    kinds = {registered.component.kind for registered in registry}
    assert kinds == {
        *("source", "transform", "tokenizer", "task", "metric", "callback", "launcher"),
    }
    assert len(list(registry)) == len(registry.components)


def test_builtins_have_no_problem(registry: Registry) -> None:
    assert registry.problems == ()
    assert all(plugin.problem is None for plugin in registry.plugins)


@pytest.mark.parametrize(
    ("distribution", "version", "shown"),
    [("dist", "1.2", '"p" (dist 1.2)'), ("dist", "", '"p" (dist)'), ("", "", '"p"')],
)
def test_plugin_shows_where_it_comes_from(distribution: str, version: str, shown: str) -> None:
    assert str(Plugin(name="p", distribution=distribution, version=version)) == shown


def test_registry_and_records_are_frozen(registry: Registry) -> None:
    record = SourceComponent(name="x", summary="", config=ComponentConfig, factory="a:b")
    for value, field in ((registry, "plugins"), (record, "name")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field, ())


def test_name_wins_over_a_former_name_of_another() -> None:
    plugin = Plugin(name="p")
    new, old = (
        SourceComponent(
            name=name, summary="", config=ComponentConfig, factory="a:b", aliases=aliases
        )
        for name, aliases in (("new", ("old",)), ("old", ()))
    )
    components = {("source", one.name): Registered(one, plugin) for one in (new, old)}
    registry = Registry(components, (plugin,))
    registered = registry.get(SOURCE, "old")
    assert registered is not None
    assert registered.component is old
