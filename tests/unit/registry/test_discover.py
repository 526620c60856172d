"""Discovery: each plugin is loaded in isolation, and a broken one costs nobody else anything."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ftspec.diagnostics.model import Diagnostic, Severity
from ftspec.linting import examine
from ftspec.registry.discover import build_registry
from ftspec.registry.registry import Plugin, Registry
from ftspec.span import SourceText
from tests.unit.registry.conftest import GOOD, Install


def plugin_named(registry: Registry, name: str) -> Plugin:
    (plugin,) = [one for one in registry.plugins if one.name == name]
    return plugin


def problem_of(name: str) -> Diagnostic:
    """Why a plugin is broken, after checking that it contributes nothing and all others go on."""
    registry = build_registry()
    plugin = plugin_named(registry, name)
    assert plugin.problem is not None
    assert plugin in registry.broken_plugins
    assert plugin.problem in registry.problems
    assert not any(registered.plugin == plugin for registered in registry)
    alone = build_registry(with_entry_points=False)
    assert set(alone.components) <= set(registry.components)
    return plugin.problem


# Sound plugins


def test_plugin_of_another_distribution_contributes_its_components(install: Install) -> None:
    install("good", GOOD.format(name="good-source"))
    registry = build_registry()
    registered = registry.get("source", "good-source")
    assert registered is not None
    assert registered.plugin == plugin_named(registry, "good")
    assert str(registered.plugin) == '"good" (dist-good 1.2)'
    assert registered.plugin.hooks == ("ftspec_register_sources",)
    assert not registered.plugin.is_builtin


def test_entry_points_are_left_alone_on_request(install: Install) -> None:
    install("good", GOOD.format(name="good-source"))
    registry = build_registry(with_entry_points=False)
    assert registry.get("source", "good-source") is None
    assert all(plugin.is_builtin for plugin in registry.plugins)


def test_builtins_come_first_and_plugins_by_name(install: Install) -> None:
    install("zeta", GOOD.format(name="z"))
    install("alpha", GOOD.format(name="a"))
    plugins = build_registry().plugins
    names = [plugin.name for plugin in plugins if not plugin.is_builtin]
    assert plugins[0].is_builtin
    assert names == sorted(names)
    assert {"alpha", "zeta"} <= set(names)


def test_registering_hook_may_yield_its_records(install: Install) -> None:
    install("lazy", GOOD.format(name="lazy-source").replace("return [", "yield from ["))
    assert build_registry().get("source", "lazy-source") is not None


def test_plugin_without_any_hook_is_sound(install: Install) -> None:
    install("idle", "x = 1\n")
    plugin = plugin_named(build_registry(), "idle")
    assert (plugin.hooks, plugin.problem) == ((), None)


def test_distribution_whose_metadata_is_gone_still_loads(install: Install) -> None:
    install("bare", GOOD.format(name="bare-source"), bare=True)
    assert build_registry().get("source", "bare-source") is not None


def test_two_registries_share_nothing(install: Install) -> None:
    first = build_registry()
    install("late", GOOD.format(name="late-source"))
    assert first.get("source", "late-source") is None
    assert build_registry().get("source", "late-source") is not None


# Broken plugins

RECORD = """
from ftspec.api import *
from ftspec.api import ComponentConfig, SourceComponent, hookimpl
from pydantic import BaseModel

@hookimpl
def ftspec_register_{kind}s():
    {body}
"""
SOURCE = 'SourceComponent(name="{name}", summary="x", config={config}, factory={factory})'


def source(name: str = "x", config: str = "ComponentConfig", factory: str = '"a:b"') -> str:
    return SOURCE.format(name=name, config=config, factory=factory)


@pytest.mark.parametrize(
    ("code", "slug", "words"),
    [
        ("import not_there_at_all\n", "plugin-import", "ModuleNotFoundError: No module named"),
        ("def f(:\n", "plugin-import", "SyntaxError"),
        ("raise RuntimeError('first\\nsecond')\n", "plugin-import", "RuntimeError: first second"),
        ("raise SystemExit(3)\n", "plugin-import", "SystemExit: 3"),
        ("raise ValueError\n", "plugin-import", "cannot be imported: ValueError"),
        # pluggy itself would leave this one registered
        (
            "from ftspec.api import hookimpl\n\n@hookimpl\ndef ftspec_register_sources(config):\n"
            "    return []\n",
            "plugin-hooks",
            "has a bad hook: PluginValidationError",
        ),
        # and be silent about this one
        (
            "from ftspec.api import hookimpl\n\n@hookimpl\ndef ftspec_register_surces():\n"
            "    return []\n",
            "plugin-hooks",
            "ftspec_register_surces",
        ),
        (RECORD.format(kind="source", body="1 / 0"), "plugin-hooks", "ZeroDivisionError"),
        (
            RECORD.format(kind="source", body=f"yield {source()}\n    1 / 0"),
            "plugin-hooks",
            'raised in "ftspec_register_sources": ZeroDivisionError: division by zero',
        ),
        (RECORD.format(kind="source", body=f"return {source()}"), "plugin-hooks", "not iterable"),
        (
            RECORD.format(kind="source", body="return ['json']"),
            "plugin-record",
            "expected SourceComponent, found str",
        ),
        (
            RECORD.format(kind="metric", body=f"return [{source()}]"),
            "plugin-record",
            "expected MetricComponent, found SourceComponent",
        ),
        (
            RECORD.format(kind="source", body=f"return [{source(name='My_Source')}]"),
            "plugin-record",
            'the name "My_Source" is not kebab-case',
        ),
        (
            RECORD.format(kind="source", body=f"return [{source(factory='SourceComponent')}]"),
            "plugin-record",
            'of "x" is not "module:attribute"',
        ),
        (
            RECORD.format(kind="source", body=f"return [{source(factory=repr('a.b'))}]"),
            "plugin-record",
            'the factory "a.b" of "x" is not "module:attribute"',
        ),
        (
            RECORD.format(kind="source", body=f"return [{source(config='BaseModel')}]"),
            "plugin-record",
            'the config of "x" is no subclass of ComponentConfig',
        ),
        (
            RECORD.format(kind="source", body=f"return [{source(config='None')}]"),
            "plugin-record",
            'the config of "x" is no subclass of ComponentConfig',
        ),
        (
            RECORD.format(
                kind="source", body=f"return [{source()[:-1]}, aliases='xy')]"
            ),
            "plugin-record",
            'the aliases of "x" are no tuple',
        ),
        (
            RECORD.format(
                kind="task",
                body='return [TaskComponent(name="t", summary="x", config=ComponentConfig, '
                'factory="a:b", fields=(), auto_model="AutoModel")]',
            ),
            "plugin-record",
            'the config of "t" is no subclass of TaskConfig',
        ),
        (
            RECORD.format(
                kind="metric",
                body='return [MetricComponent(name="m", summary="x", config=ComponentConfig, '
                'factory="a:b", scores={"text"}, results=("m",))]',
            ),
            "plugin-record",
            'the scores of "m" are no frozenset',
        ),
        # names that are taken
        (
            RECORD.format(kind="source", body=f"return [{source(name='json')}]"),
            "plugin-conflict",
            'offers the source "json", which the plugin "ftspec.builtin.plugin"',
        ),
        (
            RECORD.format(kind="source", body=f"return [{source(name='jsonl')}]"),
            "plugin-conflict",
            'offers the source "jsonl"',
        ),
        (
            RECORD.format(kind="source", body=f"return [{source()}, {source()}]"),
            "plugin-conflict",
            'offers the source "x", which it offers twice',
        ),
    ],
)  # fmt: skip
def test_broken_plugin_is_named_and_leaves_the_others_alone(
    code: str, slug: str, words: str, install: Install
) -> None:
    install("broken", code)
    problem = problem_of("broken")
    assert problem.slug == slug
    assert problem.severity is Severity.WARNING
    assert problem.headline.startswith('the plugin "broken" (dist-broken 1.2) ')
    assert words in problem.headline
    assert "\n" not in problem.headline
    assert problem.helps == ('tell its authors, or "pip uninstall dist-broken"',)


def test_entry_point_to_a_missing_attribute_is_a_broken_import(install: Install) -> None:
    install("broken", "x = 1\n", entry="testplugin_broken:nothing")
    assert problem_of("broken").slug == "plugin-import"


def test_plugin_with_one_bad_record_contributes_none_of_its_good_ones(install: Install) -> None:
    install("half", RECORD.format(kind="source", body=f"return [{source()}, 3]"))
    assert problem_of("half").slug == "plugin-record"
    assert build_registry().get("source", "x") is None


def test_of_two_plugins_with_the_same_name_of_a_component_the_first_keeps_it(
    install: Install,
) -> None:
    install("first", GOOD.format(name="same"))
    install("second", GOOD.format(name="same"))
    problem = problem_of("second")
    assert problem.slug == "plugin-conflict"
    assert 'which the plugin "first" (dist-first 1.2) already has' in problem.headline
    registered = build_registry().get("source", "same")
    assert registered is not None
    assert registered.plugin.name == "first"


def test_same_name_in_another_kind_is_no_conflict(install: Install) -> None:
    code = RECORD.format(
        kind="callback",
        body='return [CallbackComponent(name="json", summary="x", config=ComponentConfig, '
        'factory="a:b")]',
    )
    install("callbacks", code)
    registry = build_registry()
    assert plugin_named(registry, "callbacks").problem is None
    assert registry.get("callback", "json") is not None


def test_every_broken_plugin_is_reported(install: Install) -> None:
    install("one", "1 / 0\n")
    install("two", "import not_there_at_all\n")
    install("three", GOOD.format(name="three-source"))
    registry = build_registry()
    broken = {plugin.name: plugin.problem for plugin in registry.broken_plugins}
    assert {"one", "two"} <= set(broken)
    assert "three" not in broken
    assert registry.get("source", "three-source") is not None


def test_heavy_import_is_a_warning_and_the_plugin_works(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site" / "evaluate.py").write_text("")  # the real one takes seconds to import
    monkeypatch.setitem(sys.modules, "evaluate", sys)  # so that the state before comes back
    del sys.modules["evaluate"]
    install("heavy", "import evaluate\n" + GOOD.format(name="heavy-source"))
    registry = build_registry()
    (problem,) = [one for one in registry.problems if '"heavy"' in one.headline]
    assert (problem.slug, problem.severity) == ("plugin-heavy-import", Severity.WARNING)
    assert 'imports "evaluate", which makes lint slow' in problem.headline
    assert plugin_named(registry, "heavy").problem is None
    assert registry.get("source", "heavy-source") is not None


def test_unknown_type_tells_of_a_broken_plugin_that_may_offer_it(
    install: Install, minimal_spec: str
) -> None:
    install("broken", "import not_there_at_all\n")
    text = minimal_spec.replace("type: hub, path: acme/reviews", "type: warehouse")
    (finding,) = examine(SourceText("x.yaml", text), build_registry()).diagnostics
    assert finding.slug == "unknown-type"
    assert any('a broken plugin may offer it: the plugin "broken"' in one for one in finding.helps)
