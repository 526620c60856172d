"""``ftspec plugins``: what is installed, and what authors of plugins need."""

from __future__ import annotations

import click

from ftspec.cli.plugins.list import list_plugins
from ftspec.cli.syntax.lazy_group import LazyGroup
from ftspec.cli.syntax.options import format_option

COMMANDS = {
    "check": "ftspec.cli.plugins.check:check_command",
    "list": "ftspec.cli.plugins.list:list_command",
    "new": "ftspec.cli.plugins.new:new_command",
    "show": "ftspec.cli.plugins.show:show_command",
}


@click.group("plugins", cls=LazyGroup, places=COMMANDS, invoke_without_command=True)
@format_option
@click.pass_context
def plugins_command(context: click.Context, format_name: str) -> None:
    """List, show, check and create plugins.

    Without a command, lists the installed plugins and their components.

    FTSPEC_DISABLE_PLUGINS disables plugins, by name ("a,b") or all of them ("1").
    FTSPEC_TRACE_PLUGINS=1 prints on standard error what is found, imported and returned.
    """
    if context.invoked_subcommand is None:
        list_plugins(format_name)
