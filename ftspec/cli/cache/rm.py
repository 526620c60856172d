"""``ftspec cache rm``: make room."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from ftspec.cache import CacheEntry, cache_folder, entries_in, remove, size_of, unfinished_in
from ftspec.cli.terminal.output import echo_result, may_remove
from ftspec.errors import UsageError
from ftspec.quantities import shown_size

_AGE = re.compile(r"(\d{1,6})(d|h|m)")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def _age(ctx: click.Context, param: click.Parameter, value: str | None) -> timedelta | None:
    match = _AGE.fullmatch(value) if value is not None else None
    if value is not None and match is None:
        raise click.BadParameter(f'"{value}" is not an age; write for example 30d, 12h or 5m')
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match is not None else None


@click.command("rm")
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Remove every entry.")
@click.option(
    "--unused-for",
    metavar="AGE",
    callback=_age,
    help="Remove the entries that no run used for this long: 30d, 12h, 5m.",
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def rm_command(
    ids: tuple[str, ...], everything: bool, unused_for: timedelta | None, yes: bool
) -> None:
    """Remove prepared rows: by ID, by age, or all of them.

    The first characters of an ID are enough. A running process keeps the rows that it reads.
    """
    if (bool(ids), everything, unused_for is not None).count(True) != 1:
        raise UsageError("pass one of: IDS, --all, --unused-for AGE")
    folder = cache_folder()
    paths = _chosen(folder, ids, unused_for)
    if not paths:
        echo_result("nothing to remove")
        return
    what = f"{len(paths)} entries, {shown_size(sum(map(size_of, paths)))}"
    if not may_remove(f"{what} from {folder}", is_asked=not yes):
        return
    for path in paths:
        remove(path)
    echo_result(f"removed {what}")


def _chosen(folder: Path, ids: tuple[str, ...], unused_for: timedelta | None) -> list[Path]:
    """The folders to remove, each once. Without IDs, that includes what killed runs left."""
    entries = entries_in(folder)
    if ids:
        return list(dict.fromkeys(_named(prefix, entries).path for prefix in ids))
    if unused_for is not None:
        earliest = datetime.now(UTC) - unused_for
        entries = [entry for entry in entries if entry.last_used < earliest]
    abandoned = _abandoned(folder, unused_for or timedelta(days=1))
    return list(dict.fromkeys(entry.path for entry in entries)) + abandoned


def _named(prefix: str, entries: list[CacheEntry]) -> CacheEntry:
    found = [entry for entry in entries if entry.path.name.startswith(prefix)]
    if len(found) != 1:
        many = f"{len(found)} entries begin" if found else "no entry begins"
        raise UsageError(f'{many} with "{prefix}"; list them with: ftspec cache ls')
    return found[0]


def _abandoned(folder: Path, age: timedelta) -> list[Path]:
    """Unfinished entries of killed runs. A run that is still preparing writes often."""
    earliest = (datetime.now(UTC) - age).timestamp()
    return [path for path in unfinished_in(folder) if _last_change(path) < earliest]


def _last_change(folder: Path) -> float:
    paths = [folder, *folder.rglob("*")]
    return max(path.lstat().st_mtime for path in paths if path.exists())
