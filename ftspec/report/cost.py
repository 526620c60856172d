"""What a run cost, in numbers as people write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ftspec.cache import size_of
from ftspec.quantities import shown_amount, shown_duration
from ftspec.report.numbers import is_number, shown_cell, shown_count
from ftspec.report.run_files import RunFiles
from ftspec.report.tables import Column, Table


def cost_table(files: RunFiles) -> Table | None:
    """Speed, memory and size; ``None`` where nothing is known."""
    rows = [*_account(files.performance), *_sizes(files)] if files.performance else []
    return Table("Cost", (Column("what"), Column("how much", True)), rows) if rows else None


def times_of(files: RunFiles) -> list[tuple[str, str, float]]:
    """What the time was spent on: name, time, share."""
    seconds = {
        name: float(value)
        for name, value in _part(files.performance, "seconds").items()
        if is_number(value) and value >= 0.05
    }
    total = sum(seconds.values())
    return [(name, shown_duration(value), value / total) for name, value in seconds.items()]


def _account(account: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The rows of the table, from performance.json."""
    speed, tokens = _part(account, "speed"), _part(account, "tokens")
    memory, batching = _part(account, "memory"), _part(account, "batching")
    for name in ("steps", "rows", "micro_batches"):
        if is_number(account.get(name)):
            yield name.replace("_", " "), shown_count(account[name])
    if is_number(tokens.get("real")):
        yield "tokens", shown_count(tokens["real"])
    if is_number(tokens.get("waste_percent")):
        yield "padding in the computed tokens", f"{tokens['waste_percent']:.1f} %"
    for key, unit in (
        ("tokens_per_second", "tokens/s"),
        ("rows_per_second", "rows/s"),
    ):
        if is_number(speed.get(key)):
            digits = 0 if speed[key] >= 100 else 1
            yield key.replace("_per_second", " a second"), f"{speed[key]:,.{digits}f} {unit}"
    if is_number(speed.get("flop_per_second")):
        yield "arithmetic", shown_amount(speed["flop_per_second"], "FLOP/s")
    if is_number(speed.get("share_of_matmul")):
        precision = shown_cell(speed.get("precision"))
        share = 100 * speed["share_of_matmul"]
        yield f"of a matrix product in {precision} here", f"{share:.1f} %"
    if is_number(memory.get("peak_bytes")):
        yield "memory", shown_amount(memory["peak_bytes"], "B")
    if is_number(memory.get("peak_device_bytes")):
        yield "memory of the device", shown_amount(memory["peak_device_bytes"], "B")
    if batching.get("way"):
        form = str(batching.get("form", "")).replace("_", " ")
        yield "batching", f"{batching['way']}, {form}" if form else str(batching["way"])


def _sizes(files: RunFiles) -> Iterator[tuple[str, str]]:
    folder = files.run_dir.path
    if files.run_dir.model.is_dir():
        yield "model on the disk", shown_amount(size_of(files.run_dir.model), "B")
    if folder.is_dir():
        yield "run directory", shown_amount(files.summary.size, "B")


def _part(account: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = account.get(name)
    return found if isinstance(found, dict) else {}
