"""``ftspec cache why``: hit or miss, and what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ftspec.cli.cache.list import shown_age
from ftspec.cli.exits import FINDINGS, Exit
from ftspec.cli.heavy import engine_imports, require_engine
from ftspec.cli.installed import no_plugins_option, open_registry
from ftspec.cli.output import echo
from ftspec.cli.specs import diagnose, profile_option, set_option, sound_plan, spec_argument
from ftspec.cli.watching import PlainWatcher
from ftspec.diagnostics.model import printable
from ftspec.diagnostics.render import text
from ftspec.engine.hub.connection import prepare_connection
from ftspec.errors import RunError

if TYPE_CHECKING:
    from ftspec.engine.data.lookup import Lookup

_SHOWN = 6


@click.command("why")
@spec_argument
@profile_option
@set_option
@no_plugins_option
def why_command(
    spec: str, profile: str | None, overrides: tuple[str, ...], no_plugins: bool
) -> None:
    """Say for each split of SPEC whether its rows are prepared, and if not, what changed."""
    registry = open_registry(no_plugins=no_plugins)
    _, document, plan = sound_plan(spec, registry, profile=profile, overrides=overrides)
    require_engine()
    offline = prepare_connection(plan)
    with engine_imports():
        from ftspec.engine.data.lookup import look_up

    watcher = PlainWatcher()
    if offline is not None:
        watcher.note(offline)
    try:
        found, obstacle = look_up(plan, watcher)
    except RunError as error:
        echo(text.render([diagnose(error, document, plan)]), err=True, nl=False)
        raise Exit(FINDINGS) from None
    if obstacle is not None:
        echo(f"nothing is kept: {obstacle}")
    for one in found:
        echo("\n".join(map(printable, _lines(one))))


def _lines(found: Lookup) -> list[str]:
    split = f"{found.split:<12}"
    if found.entry is None:
        return [f"{split}miss  nothing like it was prepared before"]
    entry = found.entry
    if found.is_damaged:
        return [f"{split}miss  {entry.id} is damaged, and will be made anew"]
    if found.is_hit:
        rows = entry.record.get("rows", 0)
        return [f"{split}hit   {entry.id}, {rows:,} rows, last used {shown_age(entry.last_used)}"]
    lines = [f"{split}miss  the nearest is {entry.id}, last used {shown_age(entry.last_used)}"]
    lines += [f"  {one.place}: {one.before} → {one.now}" for one in found.changes[:_SHOWN]]
    more = len(found.changes) - _SHOWN
    return [*lines, f"  and {more} more"] if more > 0 else lines
