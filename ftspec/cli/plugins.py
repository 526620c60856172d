"""``ftspec plugins``: what is installed."""

from __future__ import annotations

from itertools import groupby

import click

from ftspec.registry.discover import build_registry


@click.command("plugins")
def plugins_command() -> None:
    """List the installed plugins and every component they offer."""
    registry = build_registry()
    click.echo("plugins")
    for plugin in registry.plugins:
        state = f"broken: {plugin.problem.headline}" if plugin.problem is not None else ""
        origin = f"{plugin.distribution} {plugin.version}".strip()
        click.echo(f"  {plugin.name}  {origin}  {state}".rstrip())
    by_kind = sorted(registry, key=lambda one: (one.component.kind, one.component.name))
    for kind, group in groupby(by_kind, key=lambda one: one.component.kind):
        members = list(group)
        width = max(len(one.component.name) for one in members)
        click.echo(f"\n{kind}s")
        for one in members:
            origin = "" if one.plugin.is_builtin else f"  [{one.plugin.name}]"
            click.echo(f"  {one.component.name.ljust(width)}  {one.component.summary}{origin}")
