"""Factories are imported when needed; a missing package is told apart from a broken plugin."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ftspec.components import SourceComponent
from ftspec.engine.components.factories import build, load_factory
from ftspec.errors import MissingExtraError
from ftspec.planning.plan import PlannedComponent
from ftspec.protocols import Context
from ftspec.spec.base import ComponentConfig

INSTALL = "pip install acme-source"
Write = Callable[[str, str], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes a module of the package ``acme_plugin``."""
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = tmp_path / "acme_plugin"
    folder.mkdir()
    (folder / "__init__.py").write_text("")

    def write_module(name: str, code: str) -> None:
        (folder / f"{name}.py").write_text(code)

    yield write_module
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme_plugin"]:
        del sys.modules[name]


def component(factory: str, *requires: str) -> SourceComponent:
    return SourceComponent(
        name="acme",
        summary="rows of acme",
        config=ComponentConfig,
        factory=factory,
        requires=requires,
        install=INSTALL,
    )


def test_the_attribute_of_a_module(write: Write) -> None:
    write("rows", "def source(config, context): return (config, context)\n")
    assert load_factory(component("acme_plugin.rows:source", "json"))(1, 2) == (1, 2)


@pytest.mark.parametrize("module", ["no_such_package", "no_such_package.inside", "json.no_such"])
def test_a_missing_requirement(write: Write, module: str) -> None:
    write("rows", "raise AssertionError('imported before its requirements were looked for')\n")
    with pytest.raises(MissingExtraError) as caught:
        load_factory(component("acme_plugin.rows:source", module))
    assert str(caught.value) == (
        f'the package "{module}" is not installed; install it with: {INSTALL}'
    )


@pytest.mark.parametrize("module", ["no_such_package", "no_such_package.inside"])
def test_a_missing_package_that_the_record_does_not_name(write: Write, module: str) -> None:
    write("rows", f"import {module}\n")
    with pytest.raises(MissingExtraError) as caught:
        load_factory(component("acme_plugin.rows:source"))
    assert caught.value.module == "no_such_package"
    assert caught.value.install == INSTALL
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import acme_plugin.nowhere\n", ModuleNotFoundError),
        ("from acme_plugin.other import nothing\n", ImportError),
        ("1 / 0\n", ZeroDivisionError),
        ("nothing = 1\n", AttributeError),
    ],
)
def test_a_broken_plugin_is_no_missing_package(
    write: Write, code: str, error: type[Exception]
) -> None:
    write("other", "")
    write("rows", code)
    with pytest.raises(error) as caught:
        load_factory(component("acme_plugin.rows:source"))
    assert not isinstance(caught.value, MissingExtraError)


def test_a_module_that_is_not_there(write: Write) -> None:
    with pytest.raises(ModuleNotFoundError):
        load_factory(component("acme_plugin.nowhere:source"))


def test_children_are_built_first(write: Write) -> None:
    write("rows", "def source(config, context): return (context.section, context.children)\n")

    def planned(*at: str, **children: PlannedComponent) -> PlannedComponent:
        return PlannedComponent(
            component=component("acme_plugin.rows:source"),
            config=ComponentConfig(),
            plugin="acme",
            at=at,
            children={(name,): child for name, child in children.items()},
        )

    def make_context(one: PlannedComponent, children: dict[Any, Any]) -> Context:
        return Context(section=one.at, seed=1, note=print, children=children)

    inner = planned("data", "source", "a")
    built = build(planned("data", "source", a=inner), make_context)
    assert built == (("data", "source"), {("a",): (("data", "source", "a"), {})})
