"""Every command that can print JSON does so with `--format json`; no command has `--json`."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ftspec.cli import cli
from tests.cli.command import own_environment
from tests.cli.light import ftspec

PRINTS_JSON = re.compile(
    r"\bjson\.dumps\(|\bas_json\(|\becho_json\(|\bRENDERERS\b|\blist_plugins\("
)
JSON_COMMANDS = {
    "cache ls",
    "compare",
    "diff",
    "evaluate",
    "lint",
    "plan",
    "plugins",
    "plugins list",
    "predict",
    "run",
    "runs ls",
    "runs show",
}


def commands(group: click.Group = cli, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command and subcommand, with its name after ``ftspec``."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{prefix}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")


def formats(command: click.Command) -> list[str]:
    """The values of the option `--format`, if the command has it."""
    for parameter in command.params:
        if "--format" in parameter.opts:
            assert isinstance(parameter.type, click.Choice)
            return list(parameter.type.choices)
    return []


@pytest.mark.parametrize(("name", "command"), [*commands()], ids=str)
def test_commands_print_json_by_format_json_alone(name: str, command: click.Command) -> None:
    assert "--json" not in {option for one in command.params for option in one.opts}
    assert command.callback is not None
    source = inspect.getsource(inspect.getmodule(command.callback) or inspect)
    assert ("json" in formats(command)) == bool(PRINTS_JSON.search(source))
    assert ("json" in formats(command)) == (name in JSON_COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("cache", "ls"), list),
        (("diff", "small.yaml", "small.yaml"), list),
        (("lint", "small.yaml"), list),
        (("plan", "small.yaml"), dict),
        (("plugins",), list),
        (("plugins", "list"), list),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)
def test_format_json_prints_json(arguments: tuple[str, ...], kind: type, small_spec: Path) -> None:
    env = own_environment(FTSPEC_CACHE=str(small_spec.parent / "cache"))
    done = ftspec(*arguments, "--format", "json", cwd=small_spec.parent, env=env)
    assert done.code == 0, done.said
    assert isinstance(json.loads(done.out), kind)
    assert ftspec(*arguments, "--json", cwd=small_spec.parent, env=env).code == 2
