"""``ftspec cache rm``: makes room."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from ftspec.cache import CacheEntry, cache_folder, entries_in, remove, size_of, unfinished_in
from ftspec.cli.cache.list import shown_size
from ftspec.errors import UsageError

_AGE = re.compile(r"(\d{1,6})(d|h|m)")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def _age(ctx: click.Context, param: click.Parameter, value: str | None) -> timedelta | None:
    match = _AGE.fullmatch(value) if value is not None else None
    if value is not None and match is None:
        raise click.BadParameter(f'"{value}" is no age; write, for example, 30d, 12h or 5m')
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match is not None else None


@click.command("rm")
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Remove every entry.")
@click.option(
    "--unused-for",
    metavar="AGE",
    callback=_age,
    help="Remove what no run used for this long: 30d, 12h, 5m.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove_command(
    ids: tuple[str, ...], everything: bool, unused_for: timedelta | None, yes: bool
) -> None:
    """Remove prepared rows: by the beginning of their IDS, all of them, or those long unused.

    Rows that a running process reads stay with it to its end.
    """
    if (bool(ids), everything, unused_for is not None).count(True) != 1:
        raise UsageError("say what to remove: ids, --all or --unused-for AGE")
    folder = cache_folder()
    entries = entries_in(folder)
    if ids:
        chosen = [_named(prefix, entries) for prefix in ids]
    elif unused_for is not None:
        earliest = datetime.now(UTC) - unused_for
        chosen = [entry for entry in entries if entry.last_used < earliest]
    else:
        chosen = entries
    paths = list(dict.fromkeys(entry.path for entry in chosen))
    if everything or unused_for is not None:
        paths += _abandoned(folder, unused_for or timedelta(days=1))
    if not paths:
        click.echo("nothing to remove")
        return
    what = f"{len(paths)} entries, {shown_size(sum(map(size_of, paths)))}"
    if not yes and not click.confirm(f"remove {what} from {folder}?", err=True):
        click.echo("nothing was removed")
        return
    for path in paths:
        remove(path)
    click.echo(f"removed {what}")


def _named(prefix: str, entries: list[CacheEntry]) -> CacheEntry:
    found = [entry for entry in entries if entry.path.name.startswith(prefix)]
    if len(found) != 1:
        many = f"{len(found)} entries begin" if found else "no entry begins"
        raise UsageError(f'{many} with "{prefix}"; "ftspec cache ls" lists them')
    return found[0]


def _abandoned(folder: Path, age: timedelta) -> list[Path]:
    """What killed runs left behind: a run at work writes now and then."""
    earliest = (datetime.now(UTC) - age).timestamp()
    return [path for path in unfinished_in(folder) if _last_change(path) < earliest]


def _last_change(folder: Path) -> float:
    paths = [folder, *folder.rglob("*")]
    return max(path.lstat().st_mtime for path in paths if path.exists())
