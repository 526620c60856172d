"""``ftspec plugins``: what is installed, and what plugin authors need."""

from __future__ import annotations

import click

from ftspec.cli.lazy import LazyGroup
from ftspec.cli.plugins.list import json_option, list_plugins

COMMANDS = {
    "check": "ftspec.cli.plugins.check:check_command",
    "list": "ftspec.cli.plugins.list:list_command",
    "new": "ftspec.cli.plugins.new:new_command",
    "show": "ftspec.cli.plugins.show:show_command",
}


@click.group("plugins", cls=LazyGroup, places=COMMANDS, invoke_without_command=True)
@json_option
@click.pass_context
def plugins_command(context: click.Context, as_json: bool) -> None:
    """List the installed plugins and every component they offer; look at one of them.

    FTSPEC_DISABLE_PLUGINS leaves plugins out, by name ("a,b") or all of them ("1").
    FTSPEC_TRACE_PLUGINS=1 tells on standard error what is found, imported and returned.
    """
    if context.invoked_subcommand is None:
        list_plugins(as_json=as_json)
