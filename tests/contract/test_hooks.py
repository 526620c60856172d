"""Every hook is documented, has a working example, and is in use."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pluggy
import pytest

from ftspec.hookspecs import PROJECT, REGISTER_HOOKS, Hooks
from ftspec.linting import examine, lint
from ftspec.registry.discover import build_registry
from ftspec.registry.registry import Plugin, Registry
from ftspec.rundir import RunDirectory
from ftspec.span import SourceText
from tests.cli.command import ROOT

pytestmark = pytest.mark.place

DOCS = ROOT / "docs"
SPEC = """\
ftspec: 1
name: example
data: {source: {type: hub, path: acme/reviews, revision: v1}, splits: {train: train}}
preprocess: {template: {text: "{text}", label: "{label}"}}
model: {checkpoint: acme/bert, revision: v1}
task: text-classification
training: {num_train_epochs: 11, learning_rate: 2e-5}
"""


def load_page_maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hooks_page", DOCS / "hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["hooks_page"] = module  # dataclasses look up their module
    spec.loader.exec_module(module)
    return module


HOOKS = list(load_page_maker().hooks())


def named(name: str) -> str:
    """The example of a hook."""
    (example,) = [hook.example for hook in HOOKS if hook.name == name]
    return str(example)


def install(folder: Path, code: str) -> Plugin:
    """The plugin ``house`` with this code, as discovery finds it."""
    (folder / "hooks_example.py").write_text(code, encoding="utf-8")
    info = folder / "house-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: house\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ftspec]\nhouse = hooks_example\n")
    (plugin,) = [one for one in build_registry().plugins if one.name == "house"]
    assert plugin.problem is None
    return plugin


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the example, forgotten at the end."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "hooks_example", sys)
    del sys.modules["hooks_example"]
    return tmp_path


def test_page_is_fresh() -> None:
    done = subprocess.run(
        [sys.executable, DOCS / "hooks.py"], capture_output=True, text=True, check=True
    )
    page = (DOCS / "hooks.md").read_text(encoding="utf-8")
    assert done.stdout == page, "run: python docs/hooks.py > docs/hooks.md"


def test_page_has_every_hook_with_its_arguments() -> None:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    page = (DOCS / "hooks.md").read_text(encoding="utf-8")
    names = [name for name in vars(manager.hook) if name.startswith("ftspec_")]
    assert sorted(names) == sorted(hook.name for hook in HOOKS)
    for name in names:
        spec = getattr(manager.hook, name).spec
        assert not spec.opts["firstresult"]
        assert f"\n## {name}({', '.join(spec.argnames)})\n" in page


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.name)
def test_docstring_says_when_it_is_called_and_what_may_be_returned(hook: object) -> None:
    purpose, prose = getattr(hook, "purpose", ""), getattr(hook, "prose", "")
    assert purpose.endswith(".")
    assert "\n" not in purpose
    assert prose.startswith("Called ")
    assert "\n\nReturn " in prose


# Examples


@pytest.mark.parametrize("name", REGISTER_HOOKS)
def test_example_registers_what_it_says(name: str, site: Path) -> None:
    plugin = install(site, named(name))
    assert plugin.hooks == (name,)
    (registered,) = [one for one in build_registry() if one.plugin.name == "house"]
    assert isinstance(registered.component, REGISTER_HOOKS[name])
    registered.component.config.model_json_schema()


def test_example_of_a_check_finds_what_it_looks_for(site: Path) -> None:
    install(site, named("ftspec_check_plan"))
    found = lint(SourceText("spec.yaml", SPEC), build_registry())
    (finding,) = [one for one in found if one.slug.startswith("house/")]
    assert str(finding).startswith("spec.yaml:7:30: warning[house/many-epochs]: ")
    fewer = SPEC.replace("11", "3")
    found = lint(SourceText("spec.yaml", fewer), build_registry())
    assert not [one for one in found if one.slug.startswith("house/")]


def test_examples_of_observers_leave_what_they_say(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site)
    plan = examine(SourceText("spec.yaml", SPEC), build_registry()).plan
    assert plan is not None
    run_dir = RunDirectory(site)
    started = named("ftspec_run_started")
    plugin = install(site, f"{started}\n\n{named('ftspec_run_finished')}")
    assert plugin.hooks == ("ftspec_run_finished", "ftspec_run_started")
    plugin.call("ftspec_run_started", plan=plan, run_dir=run_dir)
    plugin.call("ftspec_run_finished", plan=plan, run_dir=run_dir, outcome="failed")
    assert plan.digest()[:8] in (site / "ticket.txt").read_text(encoding="utf-8")
    assert (site / "all-runs.csv").read_text(encoding="utf-8") == f"example,{site},failed\n"


# Users


def test_every_hook_has_a_user() -> None:
    used = {hook for plugin in builtins().plugins for hook in plugin.hooks}
    for path in (ROOT / "plugins").glob("*/src/**/*.py"):
        text = path.read_text(encoding="utf-8")
        used |= {hook.name for hook in HOOKS if f"\ndef {hook.name}(" in text}
    assert {hook.name for hook in HOOKS} - used == set()


def builtins() -> Registry:
    return build_registry(with_entry_points=False)
