"""Discovery: each plugin is loaded in isolation, and a broken one does not affect the others."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from ftspec import __version__
from ftspec.components import CALLBACK, SOURCE
from ftspec.diagnostics.model import Diagnostic, Severity
from ftspec.linting import examine
from ftspec.registry.disabled import NO_PLUGINS
from ftspec.registry.discover import build_registry
from ftspec.registry.registry import Plugin, Registry
from ftspec.span import SourceText
from tests.unit.registry.conftest import GOOD, Install

pytestmark = pytest.mark.place


def plugin_named(registry: Registry, name: str) -> Plugin:
    (plugin,) = [one for one in registry.plugins if one.name == name]
    return plugin


def problem_of(name: str) -> Diagnostic:
    """The fault of a plugin, after checking that it is rejected and all others work."""
    registry = build_registry()
    plugin = plugin_named(registry, name)
    assert plugin.problem is not None
    assert plugin.problem in registry.problems
    assert not any(registered.plugin == plugin for registered in registry)
    alone = build_registry(with_entry_points=False)
    assert set(alone.components) <= set(registry.components)
    return plugin.problem


# Sound plugins


def test_plugin_of_another_distribution_contributes_its_components(install: Install) -> None:
    install("good", GOOD.format(name="good-source"))
    registry = build_registry()
    registered = registry.get(SOURCE, "good-source")
    assert registered is not None
    assert registered.plugin == plugin_named(registry, "good")
    assert str(registered.plugin) == '"good" (dist-good 1.2)'
    assert registered.plugin.hooks == ("ftspec_register_sources",)
    assert not registered.plugin.is_builtin


def test_entry_points_are_left_alone_on_request(install: Install) -> None:
    install("good", GOOD.format(name="good-source"))
    registry = build_registry(with_entry_points=False)
    assert registry.get(SOURCE, "good-source") is None
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
    assert build_registry().get(SOURCE, "lazy-source") is not None


def test_plugin_without_any_hook_is_sound(install: Install) -> None:
    install("idle", "x = 1\n")
    plugin = plugin_named(build_registry(), "idle")
    assert (plugin.hooks, plugin.problem) == ((), None)


def test_distribution_whose_metadata_is_gone_still_loads(install: Install) -> None:
    install("bare", GOOD.format(name="bare-source"), bare=True)
    assert build_registry().get(SOURCE, "bare-source") is not None


def test_two_registries_share_nothing(install: Install) -> None:
    first = build_registry()
    install("late", GOOD.format(name="late-source"))
    assert first.get(SOURCE, "late-source") is None
    assert build_registry().get(SOURCE, "late-source") is not None


# Broken plugins

RECORD = """
from ftspec.api import *
from ftspec.api import ComponentConfig, SourceComponent, hookimpl
from pydantic import BaseModel

@hookimpl
def ftspec_register_{kind}s():
    {body}
"""
SOURCE_RECORD = (
    'SourceComponent(name="{name}", summary="{summary}", config={config}, factory={factory})'
)


TASK = """
from ftspec.api import TaskComponent, TaskConfig, TaskField, hookimpl

@hookimpl
def ftspec_register_tasks():
    yield TaskComponent(
        name="t", summary="x", config=TaskConfig, factory="a:b", auto_model="A", fields={fields}
    )
"""
KEYED = """
from ftspec.api import ComponentConfig, Field, SourceComponent, hookimpl

class KeyedConfig(ComponentConfig):
    {key}

@hookimpl
def ftspec_register_sources():
    yield SourceComponent(name="x", summary="x", config=KeyedConfig, factory="a:b")
"""


def source(
    name: str = "x",
    config: str = "ComponentConfig",
    factory: str = '"a:b"',
    summary: str = "x",
) -> str:
    return SOURCE_RECORD.format(name=name, config=config, factory=factory, summary=summary)


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
            'takes "config" in "ftspec_register_sources", which gets nothing',
        ),
        # and be silent about this one
        (
            "from ftspec.api import hookimpl\n\n@hookimpl\ndef ftspec_register_surces():\n"
            "    return []\n",
            "plugin-hooks",
            'implements "ftspec_register_surces", which is not a hook',
        ),
        (RECORD.format(kind="source", body="1 / 0"), "plugin-hooks", "ZeroDivisionError"),
        (
            RECORD.format(kind="source", body=f"yield {source()}\n    1 / 0"),
            "plugin-hooks",
            'raised in "ftspec_register_sources": ZeroDivisionError: division by zero',
        ),
        (RECORD.format(kind="source", body=f"return {source()}"), "plugin-record",
            "expected an iterable of SourceComponent, found an object that is not iterable",
        ),
        # unusual exceptions
        ("class Panic(BaseException): ...\nraise Panic('rust')\n", "plugin-import", "Panic: rust"),
        ("def f(): f()\nf()\n", "plugin-import", "RecursionError: maximum recursion"),
        (
            "class Odd(Exception):\n    def __str__(self): 1 / 0\nraise Odd\n",
            "plugin-import",
            "Odd: (its text cannot be shown) (testplugin_broken:3)",
        ),
        (RECORD.format(kind="source", body="raise SystemExit(0)"), "plugin-hooks", "SystemExit: 0"),
        ("def __dir__():\n    raise OSError('no')\n", "plugin-hooks", "registered: OSError: no"),
        ("def __getattr__(name):\n    raise OSError('no')\n", "plugin-hooks", "OSError: no"),
        # mistakes that pluggy ignores
        (
            "def ftspec_register_sources():\n    return []\n",
            "plugin-hooks",
            'defines "ftspec_register_sources" without @hookimpl',
        ),
        (
            "from ftspec.api import hookimpl\n\n@hookimpl(wrapper=True)\n"
            "def ftspec_register_sources():\n    return (yield)\n",
            "plugin-hooks",
            'is a wrapper of "ftspec_register_sources", which is not supported',
        ),
        (
            RECORD.format(kind="source", body="pass"),
            "plugin-record",
            "expected an iterable of SourceComponent, found None",
        ),
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
            'the factory of "x" must be "package.module:attribute"',
        ),
        (
            RECORD.format(kind="source", body=f"return [{source(factory=repr('a.b'))}]"),
            "plugin-record",
            'the factory "a.b" of "x" must be "package.module:attribute"',
        ),
        (
            RECORD.format(kind="source", body=f"return [{source(config='BaseModel')}]"),
            "plugin-record",
            'the config of "x" is not a subclass of ComponentConfig',
        ),
        (
            RECORD.format(kind="source", body=f"return [{source(config='None')}]"),
            "plugin-record",
            'the config of "x" is not a subclass of ComponentConfig',
        ),
        (
            RECORD.format(
                kind="source", body=f"return [{source()[:-1]}, aliases='xy')]"
            ),
            "plugin-record",
            'the aliases "xy" of "x" must be a tuple of names',
        ),
        (
            RECORD.format(
                kind="task",
                body='return [TaskComponent(name="t", summary="x", config=ComponentConfig, '
                'factory="a:b", fields=(), auto_model="AutoModel")]',
            ),
            "plugin-record",
            'the config of "t" is not a subclass of TaskConfig',
        ),
        (
            RECORD.format(
                kind="metric",
                body='return [MetricComponent(name="m", summary="x", config=ComponentConfig, '
                'factory="a:b", scores={"text"}, results=("m",))]',
            ),
            "plugin-record",
            'the scores of "m" must be a frozenset of predictions',
        ),
        (
            RECORD.format(kind="source", body=f"return [{source(name='x')[:-1]}, requires=['a'])]"),
            "plugin-record",
            'the requires of "x" must be a tuple of module names',
        ),
        (
            RECORD.format(kind="source", body=f"return [{source(summary=' x')}]"),
            "plugin-record",
            'the summary " x" of "x" must be',
        ),
        (
            TASK.format(fields='(TaskField(name="a", summary="x"),) * 2'),
            "plugin-record",
            'the fields of "t" must be a tuple of TaskField with different names',
        ),
        # reserved keys
        (
            KEYED.format(key="type: str"),
            "plugin-record",
            'the config of "x" has a key "type", which names the component',
        ),
        (
            KEYED.format(key='kind: str = Field(alias="type")'),
            "plugin-record",
            'the config of "x" has a key "type", which names the component',
        ),
        (
            KEYED.format(key="model_dump: str"),
            "plugin-record",
            'the config of "x" has a key "model_dump", which ftspec reserves',
        ),
        # names that are taken
        (
            RECORD.format(kind="source", body=f"return [{source(name='json')}]"),
            "plugin-conflict",
            'has the source "json", which the plugin "ftspec.builtin.plugin"',
        ),
        (
            RECORD.format(kind="source", body=f"return [{source(name='jsonl')}]"),
            "plugin-conflict",
            'has the source "jsonl"',
        ),
        (
            RECORD.format(kind="source", body=f"return [{source()}, {source()}]"),
            "plugin-conflict",
            'has the source "x", which it has twice',
        ),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Field name")
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
    assert problem.helps[-1] == 'report it to its authors, or "pip uninstall dist-broken"'


def test_entry_point_to_a_missing_attribute_is_a_broken_import(install: Install) -> None:
    install("broken", "x = 1\n", entry="testplugin_broken:nothing")
    assert problem_of("broken").slug == "plugin-import"


@pytest.mark.parametrize("entry", ["a b c", "", "testplugin_broken:a:b"])
def test_entry_point_that_names_no_module_is_a_broken_import(entry: str, install: Install) -> None:
    install("broken", "x = 1\n", entry=entry or " ")
    assert problem_of("broken").slug == "plugin-import"


@pytest.mark.parametrize("written", ["[ftspec]\nfoo\n", "[ftspec]\n\udcff = a\n"])
def test_file_of_entry_points_that_cannot_be_read_is_reported(
    written: str, install: Install, tmp_path: Path
) -> None:
    install("good", GOOD.format(name="good-source"))
    install("broken", "x = 1\n")
    path = tmp_path / "site" / "dist_broken-1.2.dist-info" / "entry_points.txt"
    path.write_bytes(written.encode(errors="surrogateescape"))
    registry = build_registry()
    problem = plugin_named(registry, "dist_broken").problem
    assert problem is not None
    assert problem.slug == "plugin-import"
    start = 'the plugin "dist_broken" (dist_broken 1.2) has a bad entry_points.txt: '
    assert problem.headline.startswith(start)
    assert registry.get(SOURCE, "good-source") is not None


def test_plugin_with_one_bad_record_contributes_none_of_its_good_ones(install: Install) -> None:
    install("half", RECORD.format(kind="source", body=f"return [{source()}, 3]"))
    assert problem_of("half").slug == "plugin-record"
    assert build_registry().get(SOURCE, "x") is None


def test_of_two_plugins_with_the_same_name_of_a_component_the_first_keeps_it(
    install: Install,
) -> None:
    install("first", GOOD.format(name="same"))
    install("second", GOOD.format(name="same"))
    problem = problem_of("second")
    assert problem.slug == "plugin-conflict"
    assert 'which the plugin "first" (dist-first 1.2) already has' in problem.headline
    registered = build_registry().get(SOURCE, "same")
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
    assert registry.get(CALLBACK, "json") is not None


def test_every_broken_plugin_is_reported(install: Install) -> None:
    install("one", "1 / 0\n")
    install("two", "import not_there_at_all\n")
    install("three", GOOD.format(name="three-source"))
    registry = build_registry()
    broken = {plugin.name: plugin.problem for plugin in registry.plugins if plugin.problem}
    assert {"one", "two"} <= set(broken)
    assert "three" not in broken
    assert registry.get(SOURCE, "three-source") is not None


def test_second_plugin_of_a_name_is_left_out(install: Install) -> None:
    install("one", GOOD.format(name="a"))
    install("two", GOOD.format(name="b"), plugin="one")
    registry = build_registry()
    (problem,) = [one for one in registry.problems if one.slug == "plugin-conflict"]
    assert problem.headline == (
        'the plugin "one" (dist-two 1.2) has the name of the plugin "one" (dist-one 1.2)'
    )
    assert registry.get(SOURCE, "a") is not None
    assert registry.get(SOURCE, "b") is None


def test_hook_of_a_newer_ftspec_may_be_marked_as_optional(install: Install) -> None:
    hook = "@hookimpl(optionalhook=True)\ndef ftspec_register_launchers():\n    return []\n"
    install("ahead", GOOD.format(name="ahead-source") + hook)
    assert plugin_named(build_registry(), "ahead").problem is None
    assert build_registry().get(SOURCE, "ahead-source") is not None


@pytest.mark.parametrize(
    "code",
    [
        "from ftspec.api import Portal\n",
        "from ftspec.api import hookimpl\n\n@hookimpl\ndef ftspec_open_portal():\n    return []\n",
    ],
)
def test_plugin_for_a_newer_ftspec_is_told_of_both_versions(code: str, install: Install) -> None:
    install("ahead", code, requires=("pydantic>=2", "ftspec[train] (>=9.1)"))
    here = f"ftspec {__version__} is installed"
    assert problem_of("ahead").helps[0] == f'it needs "ftspec[train] (>=9.1)", and {here}'
    install("silent", code)
    assert problem_of("silent").helps[0] == f"it may need another version: {here}"


def test_heavy_library_that_is_not_there_is_told_where_it_belongs(install: Install) -> None:
    install("heavy", "import sentence_transformers.nothing_like_it\n")
    problem = problem_of("heavy")
    assert problem.slug == "plugin-import"
    assert problem.helps[0].startswith("use heavy modules only through factory strings")


def test_what_a_plugin_prints_is_kept_and_reported(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    banner = "print('welcome to', 'the  finest of all plugins, ' * 9)\n"
    install("loud", banner + GOOD.format(name="loud-source"))
    registry = build_registry()
    assert capsys.readouterr().out == ""
    (problem,) = [one for one in registry.problems if '"loud"' in one.headline]
    assert (problem.slug, problem.severity) == ("plugin-output", Severity.WARNING)
    assert problem.headline.endswith(
        'when it is imported: "welcome to the finest of all plugins, the finest of all plug…"'
    )
    assert registry.get(SOURCE, "loud-source") is not None


def test_interrupting_a_slow_plugin_names_it(install: Install) -> None:
    install("slow", "raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt) as stop:
        build_registry()
    assert stop.value.__notes__ == ['while the plugin "slow" (dist-slow 1.2) was imported']


# Disabled plugins


@pytest.mark.parametrize(
    ("written", "left_out"),
    [
        ("", set()),
        ("0", set()),
        ("one", {"one"}),
        (" one , dist-two,, absent", {"one", "two"}),
        ("1", {"one", "two"}),
        ("all", {"one", "two"}),
    ],
)
def test_environment_disables_plugins(
    written: str, left_out: set[str], install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("one", GOOD.format(name="a"))
    install("two", GOOD.format(name="b"))
    monkeypatch.setenv("FTSPEC_DISABLE_PLUGINS", written)
    registry = build_registry()
    disabled = {one.name: one.disabled_by for one in registry.plugins if one.disabled_by}
    assert disabled == dict.fromkeys(left_out, "FTSPEC_DISABLE_PLUGINS")
    for name, component in (("one", "a"), ("two", "b")):
        assert (registry.get(SOURCE, component) is None) == (name in left_out)
        assert (f"testplugin_{name}" in sys.modules) == (name not in left_out)


def test_disabled_plugin_is_not_looked_at(install: Install) -> None:
    install("broken", "1 / 0\n")
    registry = build_registry(disabled=NO_PLUGINS)
    assert registry.problems == ()
    plugin = plugin_named(registry, "broken")
    assert (plugin.disabled_by, plugin.problem) == ("--no-plugins", None)


# The trace


def test_trace_tells_each_step(
    install: Install, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install("broken", "1 / 0\n")
    install("good", GOOD.format(name="good-source"))
    install("idle", "from ftspec.api import hookimpl\n")
    monkeypatch.setenv("FTSPEC_DISABLE_PLUGINS", "idle")
    monkeypatch.setenv("FTSPEC_TRACE_PLUGINS", "1")
    build_registry()
    out, said = capsys.readouterr()
    assert out == ""
    lines = re.sub(r"[0-9.]+ ms", "N ms", said).splitlines()
    assert [line for line in lines if "ftspec.builtin" not in line] == [
        "plugins: 3 found",
        'plugins: "broken" (dist-broken 1.2) imports testplugin_broken in N ms',
        'plugins: the plugin "broken" (dist-broken 1.2) cannot be imported: '
        "ZeroDivisionError: division by zero (testplugin_broken:1)",
        'plugins: "good" (dist-good 1.2) imports testplugin_good in N ms',
        'plugins: "good" (dist-good 1.2) ftspec_register_sources gives source good-source',
        'plugins: "idle" (dist-idle 1.2) is disabled by FTSPEC_DISABLE_PLUGINS',
    ]


def test_there_is_no_trace_unless_asked_for(
    install: Install, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install("good", GOOD.format(name="good-source"))
    monkeypatch.setenv("FTSPEC_TRACE_PLUGINS", "0")
    build_registry()
    assert capsys.readouterr() == ("", "")


# Help in findings about specs


def test_unknown_type_tells_of_a_broken_plugin_that_may_offer_it(
    install: Install, minimal_spec: str
) -> None:
    install("broken", "import not_there_at_all\n")
    text = minimal_spec.replace("type: hub, path: acme/reviews", "type: warehouse")
    (finding,) = examine(SourceText("x.yaml", text), build_registry()).diagnostics
    assert finding.slug == "unknown-type"
    assert any('a broken plugin may have it: the plugin "broken"' in one for one in finding.helps)
