"""Exceptions of plugins are described, and the plugin at fault is found."""

from __future__ import annotations

import types
from collections.abc import Callable

import pytest

from ftspec.registry.isolation import Isolation, describe_error, plugin_at_fault
from ftspec.registry.registry import Plugin

SHOUT = Plugin(name="shout", distribution="ftspec-shout", module="ftspec_shout.plugin")
SING = Plugin(name="sing", module="ftspec_sing")
BUILTIN = Plugin(name="builtin", module="ftspec.builtin.plugin", is_builtin=True)

CALLS = "def run(inner):\n    inner()\n"
WRAPS = (
    "def run(inner):\n    try:\n        inner()\n    except Exception as error:\n"
    "        raise ValueError('worse') from error\n"
)


def through(*modules: str, code: str = CALLS) -> Exception:
    """A division by zero that comes through functions of these modules, the outermost first."""

    def divide() -> None:
        raise ZeroDivisionError("no")

    call: Callable[[], None] = divide
    for name in reversed(modules):
        module = types.ModuleType(name)
        exec(code, module.__dict__)

        def call(run: Callable[..., None] = module.run, inner: Callable[[], None] = call) -> None:
            run(inner)

    with pytest.raises((ZeroDivisionError, ValueError)) as caught:
        call()
    return caught.value


@pytest.mark.parametrize(
    ("modules", "culprit"),
    [
        ((), None),
        (("ftspec.linting",), None),
        (("ftspec.linting", "ftspec_shout.plugin"), SHOUT),
        (("ftspec.linting", "ftspec_shout.deep.down"), SHOUT),
        (("ftspec.linting", "ftspec_shout.plugin", "transformers.trainer"), SHOUT),
        (("ftspec_shout.plugin", "ftspec.span"), None),
        (("ftspec_shout.plugin", "ftspec_sing"), SING),
        (("ftspec_shouting.plugin",), None),
        (("ftspec.builtin.plugin",), None),
    ],
)
def test_innermost_code_of_ftspec_or_a_plugin_is_at_fault(
    modules: tuple[str, ...], culprit: Plugin | None
) -> None:
    assert plugin_at_fault(through(*modules), (BUILTIN, SHOUT, SING)) == culprit


def test_cause_of_an_error_is_whose_fault_it_is() -> None:
    error = through("ftspec.linting", "pydantic.main", "ftspec_shout.config", code=WRAPS)
    assert plugin_at_fault(error, (SHOUT,)) == SHOUT
    bare = ValueError("calling a validator")
    bare.__cause__ = through("ftspec_shout.config")
    assert plugin_at_fault(bare, (SHOUT,)) == SHOUT


def test_error_is_described_with_the_line_of_the_plugin() -> None:
    error = through("ftspec.linting", "ftspec_shout.config", "pydantic.main")
    assert describe_error(error, SHOUT) == "ZeroDivisionError: no (ftspec_shout.config:2)"
    assert describe_error(error, SING) == "ZeroDivisionError: no"
    assert describe_error(ValueError(), SHOUT) == "ValueError"


def test_isolated_code_ends_alone_and_prints_to_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    with Isolation(SHOUT, "ran") as ran:
        print("hello")
        raise SystemExit(0)
    assert isinstance(ran.error, SystemExit)
    assert ran.output == "hello\n"
    assert capsys.readouterr().out == ""
    with Isolation(SHOUT, "ran") as again:
        pass
    assert (again.error, again.output) == (None, "")
