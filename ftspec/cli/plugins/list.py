"""``ftspec plugins list``: every plugin and component."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import click

from ftspec.cli.syntax.options import format_option
from ftspec.cli.terminal.output import echo_json, echo_result
from ftspec.cli.terminal.plugin_facts import origin_of, state_of
from ftspec.registry.discover import build_registry
from ftspec.registry.registry import Plugin, Registry


@click.command("list")
@format_option
def list_command(format_name: str) -> None:
    """List the installed plugins and their components."""
    list_plugins(format_name)


def list_plugins(format_name: str) -> None:
    """Print the list as ``text`` or ``json``."""
    registry = build_registry()
    if format_name == "json":
        echo_json([_as_json(plugin, registry) for plugin in registry.plugins])
        return
    echo_result("plugins")
    for plugin in registry.plugins:
        echo_result(f"  {plugin.name}  {origin_of(plugin)}  {state_of(plugin)}".rstrip())
    by_kind = sorted(registry, key=lambda one: (one.component.kind, one.component.name))
    for kind, group in groupby(by_kind, key=lambda one: one.component.kind):
        members = list(group)
        width = max(len(one.component.name) for one in members)
        echo_result(f"\n{kind}s")
        for one in members:
            origin = "" if one.plugin.is_builtin else f"  [{one.plugin.name}]"
            echo_result(f"  {one.component.name.ljust(width)}  {one.component.summary}{origin}")


def _as_json(plugin: Plugin, registry: Registry) -> dict[str, Any]:
    out_of_action = "broken" if plugin.problem is not None else "disabled"
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "module": plugin.module,
        "state": out_of_action if state_of(plugin) else "active",
        "problems": [problem.headline for problem in registry.problems_of(plugin)],
        "hooks": list(plugin.hooks),
        "components": [
            {
                "kind": one.component.kind,
                "name": one.component.name,
                "summary": one.component.summary,
            }
            for one in registry
            if one.plugin == plugin
        ],
    }
