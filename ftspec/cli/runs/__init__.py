"""``ftspec runs``: the runs in a folder."""

from __future__ import annotations

import click

from ftspec.cli.syntax.lazy_group import LazyGroup

COMMANDS = {
    "gc": "ftspec.cli.runs.gc:gc_command",
    "ls": "ftspec.cli.runs.ls:ls_command",
    "rm": "ftspec.cli.runs.rm:rm_command",
    "show": "ftspec.cli.runs.show:show_command",
}


@click.group("runs", cls=LazyGroup, places=COMMANDS)
def runs_command() -> None:
    """List, show and remove runs, and free the disk."""
