"""The hooks, as pluggy sees them."""

from __future__ import annotations

import inspect

import pluggy
import pytest

from ftspec import api
from ftspec.components import Component
from ftspec.hookspecs import PROJECT, REGISTER_HOOKS, Hooks

HOOKS = [name for name in vars(Hooks) if not name.startswith("_")]


@pytest.fixture
def manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    return manager


@pytest.mark.parametrize("name", HOOKS)
def test_hook_is_prefixed_documented_and_returns_every_result(
    name: str, manager: pluggy.PluginManager
) -> None:
    assert name.startswith("ftspec_")
    assert inspect.getdoc(getattr(Hooks, name))
    spec = getattr(manager.hook, name).spec
    assert spec is not None
    assert not spec.opts["firstresult"]


def test_there_is_a_registering_hook_for_every_kind() -> None:
    assert {name for name in HOOKS if name.startswith("ftspec_register_")} == set(REGISTER_HOOKS)
    assert set(REGISTER_HOOKS.values()) == set(Component.__subclasses__())
    for name, record in REGISTER_HOOKS.items():
        assert name == f"ftspec_register_{record.kind}s"  # type: ignore[attr-defined]


def test_marker_of_the_api_is_the_one_of_the_project(manager: pluggy.PluginManager) -> None:
    class Module:
        @staticmethod
        @api.hookimpl
        def ftspec_register_sources() -> list[str]:
            return ["record"]

    manager.register(Module())
    manager.check_pending()
    assert manager.hook.ftspec_register_sources() == [["record"]]


def test_api_offers_what_it_lists() -> None:
    assert len(set(api.__all__)) == len(api.__all__)
    assert all(hasattr(api, name) for name in api.__all__)
