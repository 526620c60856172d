"""``ftspec cache why``: a hit or a miss for each split and set, and what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ftspec.cli.inputs.installed import open_registry
from ftspec.cli.inputs.sound_plan import sound_plan
from ftspec.cli.launch.engine_imports import engine_imports, require_engine
from ftspec.cli.launch.hub import settle_connection
from ftspec.cli.syntax.options import (
    no_plugins_option,
    profile_option,
    set_option,
    spec_argument,
)
from ftspec.cli.terminal.output import echo
from ftspec.cli.terminal.run_errors import run_errors_shown
from ftspec.cli.terminal.watchers import PlainWatcher
from ftspec.diagnostics.model import printable
from ftspec.engine.hub.connection import Connection
from ftspec.quantities import shown_age

if TYPE_CHECKING:
    from ftspec.engine.data.lookup import Lookup

_SHOWN = 6  # changes


@click.command("why")
@spec_argument
@profile_option
@set_option
@no_plugins_option
def why_command(
    spec: str, profile: str | None, overrides: tuple[str, ...], no_plugins: bool
) -> None:
    """Show what of SPEC is cached, and why the rest is not.

    Lists each split, and each set of data.evaluation that a run measures.
    """
    registry = open_registry(no_plugins=no_plugins)
    _, document, plan = sound_plan(spec, registry, profile=profile, overrides=overrides)
    require_engine()
    watcher = PlainWatcher()
    connection = Connection(plan)
    with engine_imports():
        from ftspec.engine.data.lookup import look_up

    settle_connection(connection, watcher)
    with run_errors_shown(plan, document):
        found, obstacle = look_up(plan, watcher)
    if obstacle is not None:
        echo(f"nothing is cached: {obstacle}")
    for one in found:
        echo("\n".join(map(printable, _lines(one))))


def _lines(found: Lookup) -> list[str]:
    split = f"{found.split:<12}"
    if found.obstacle is not None:
        return [f"{split}miss  it is never kept: {found.obstacle}"]
    if found.entry is None:
        return [f"{split}miss  no similar entry is in the cache"]
    entry = found.entry
    if found.is_damaged:
        return [f"{split}miss  {entry.id} is damaged and will be prepared again"]
    if found.is_hit:
        rows = entry.record.get("rows", 0)
        return [f"{split}hit   {entry.id}, {rows:,} rows, last used {shown_age(entry.last_used)}"]
    lines = [f"{split}miss  the nearest is {entry.id}, last used {shown_age(entry.last_used)}"]
    lines += [f"  {one.place}: {one.before} → {one.now}" for one in found.changes[:_SHOWN]]
    more = len(found.changes) - _SHOWN
    return [*lines, f"  and {more} more"] if more > 0 else lines
