"""``ftspec cache ls``: what is kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click

from ftspec.cache import CacheEntry, cache_folder, entries_in, size_of, unfinished_in
from ftspec.diagnostics.model import printable

_HEADER = ("id", "name", "split", "rows", "size", "last used")


@click.command("ls")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def list_command(as_json: bool) -> None:
    """List the prepared rows, those used last first."""
    folder = cache_folder()
    entries = entries_in(folder)
    if as_json:
        values = [_as_json(entry) for entry in entries]
        click.echo(json.dumps(values, indent=2, ensure_ascii=False))
        return
    rows = [_HEADER, *(_as_row(entry) for entry in entries)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows if entries else []:
        click.echo("  ".join(map(str.ljust, row, widths)).rstrip())
    total = shown_size(sum(entry.size for entry in entries))
    click.echo(f"{len(entries)} entries, {total} in {folder}")
    unfinished = unfinished_in(folder)
    if unfinished:
        left = shown_size(sum(map(size_of, unfinished)))
        click.echo(f"{len(unfinished)} unfinished, {left}: of runs at work, or killed")


def shown_size(size: int) -> str:
    """``1.2 GB``."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def shown_age(moment: datetime) -> str:
    """``3 days ago``."""
    seconds = (datetime.now(UTC) - moment).total_seconds()
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(seconds // length)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def _as_row(entry: CacheEntry) -> tuple[str, ...]:
    record = entry.record
    rows = record.get("rows")
    return (
        entry.id,
        printable(str(record.get("name", "damaged"))),
        printable(str(record.get("split", ""))),
        f"{rows:,}" if isinstance(rows, int) else "",
        shown_size(entry.size),
        shown_age(entry.last_used),
    )


def _as_json(entry: CacheEntry) -> dict[str, Any]:
    about = {name: entry.record.get(name) for name in ("name", "split", "rows", "made")}
    return {
        "id": entry.path.name,
        **about,
        "size": entry.size,
        "last_used": entry.last_used.isoformat(timespec="seconds"),
        "path": str(entry.path),
    }
