"""`--help` of every command, and the list of commands in 80 columns."""

from __future__ import annotations

import importlib

import pytest

from ftspec.cli import COMMANDS
from ftspec.cli.terminal.exits import MEANINGS
from tests.cli.command import own_environment
from tests.cli.light import ftspec

GROUPS = {(): "ftspec.cli", ("cache",): "ftspec.cli.cache", ("plugins",): "ftspec.cli.plugins"}


@pytest.mark.parametrize("command", sorted(COMMANDS))
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_has_help(command: str, option: str) -> None:
    done = ftspec(command, option)
    assert (done.code, done.err) == (0, ""), done.said
    assert done.out.startswith(f"Usage: ftspec {command} ")


@pytest.mark.parametrize("group", GROUPS, ids=" ".join)
def test_every_help_line_fits_in_80_columns(group: tuple[str, ...]) -> None:
    done = ftspec(*group, "--help", env=own_environment(COLUMNS="80"))
    assert (done.code, done.err) == (0, ""), done.said
    listed = done.out.partition("\nCommands:\n")[2].partition("\n\n")[0].splitlines()
    names = importlib.import_module(GROUPS[group]).COMMANDS
    assert [line.split()[0] for line in listed] == sorted(names)
    for line in listed:
        assert len(line) <= 80
        assert len(line.split()) > 2, line
        assert not line.endswith("..."), line


def test_help_lists_every_exit_code() -> None:
    done = ftspec("--help", env=own_environment(COLUMNS="80"))
    for code, meaning in MEANINGS.items():
        assert f"\n  {code:<3}  {meaning}\n" in done.out
