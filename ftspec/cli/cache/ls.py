"""``ftspec cache ls``: list the cache."""

from __future__ import annotations

from typing import Any

import click

from ftspec.cache import CacheEntry, cache_folder, entries_in, size_of, unfinished_in
from ftspec.cli.syntax.options import format_option
from ftspec.cli.terminal.output import echo_json, echo_result
from ftspec.diagnostics.model import printable
from ftspec.quantities import shown_age, shown_size

_HEADER = ("id", "name", "split", "rows", "size", "last used")


@click.command("ls")
@format_option
def ls_command(format_name: str) -> None:
    """List the prepared rows, most recently used first."""
    folder = cache_folder()
    entries = entries_in(folder)
    if format_name == "json":
        echo_json([_as_json(entry) for entry in entries])
        return
    rows = [_HEADER, *(_as_row(entry) for entry in entries)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows if entries else []:
        echo_result("  ".join(map(str.ljust, row, widths)).rstrip())
    total = shown_size(sum(entry.size for entry in entries))
    echo_result(f"{len(entries)} entries, {total} in {folder}")
    unfinished = unfinished_in(folder)
    if unfinished:
        left = shown_size(sum(map(size_of, unfinished)))
        echo_result(f"{len(unfinished)} unfinished, {left}: from runs that still prepare, or died")


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
