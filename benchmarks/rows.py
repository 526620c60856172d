"""The record that all benchmarks share: one measure of one case, over all rounds."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FEWEST_VALUES = 3
"""Values that quartiles are taken of. Of fewer they would say nothing about the spread."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measure of one case.

    Attributes:
        case: what was run.
        measure: what was measured, with the unit: ``"time, ms"``.
        median: over the rounds.
        low, high: the quartiles; ``None`` with fewer than three rounds.
        ratio: to the same measure of the case ``of``: the median of the ratios within a round.
    """

    case: str
    measure: str
    median: float
    low: float | None = None
    high: float | None = None
    ratio: float | None = None
    of: str | None = None


def compare(
    measure: str, values: Mapping[str, Sequence[float]], *, to: str | None = None
) -> Iterator[Row]:
    """A row for each case, given its values by round, compared with the case ``to``."""
    for case, numbers in values.items():
        low, high = _quartiles(numbers)
        ratio = None
        if to is not None:
            ratio = statistics.median(a / b for a, b in zip(numbers, values[to], strict=True))
        yield Row(
            case=case,
            measure=measure,
            median=statistics.median(numbers),
            low=low,
            high=high,
            ratio=ratio,
            of=to,
        )


def markdown(rows: Sequence[Row]) -> str:
    """A table with a line for each case and columns for each measure."""
    by_measure: dict[str, list[Row]] = {}
    for row in rows:
        by_measure.setdefault(row.measure, []).append(row)
    heads = ["case"]
    for measure, measured in by_measure.items():
        heads += _heads(measure, measured)
    lines = [heads, ["---"] * len(heads)]
    for case in dict.fromkeys(row.case for row in rows):
        cells = [case]
        for measure, measured in by_measure.items():
            row = next((one for one in measured if one.case == case), None)
            blank = [""] * len(_heads(measure, measured))
            cells += _cells(row) if row is not None else blank
        lines.append(cells)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def to_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows as JSON values, rounded to four significant digits."""
    return [
        {
            key: float(f"{value:.4g}") if isinstance(value, float) else value
            for key, value in dataclasses.asdict(row).items()
        }
        for row in rows
    ]


def from_json(values: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The rows that :func:`to_json` wrote."""
    return [Row(**one) for one in values]


def _quartiles(numbers: Sequence[float]) -> tuple[float, float] | tuple[None, None]:
    if len(numbers) < FEWEST_VALUES:
        return None, None
    low, _, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return low, high


def _heads(measure: str, rows: Sequence[Row]) -> list[str]:
    """The column of a measure, and one for its ratios where it has any."""
    has_quartiles = any(row.low is not None for row in rows)
    head = f"{measure} (quartiles)" if has_quartiles else measure
    baseline = next((row.of for row in rows if row.of), None)
    return [head] if baseline is None else [head, f"÷ {baseline}"]


def _cells(row: Row) -> list[str]:
    shown = _shown(row.median)
    if row.low is not None and row.high is not None:
        shown += f" ({_shown(row.low)} to {_shown(row.high)})"
    return [shown] if row.ratio is None else [shown, f"**{row.ratio:.2f}**"]


def _shown(value: float) -> str:
    """With three significant digits."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"
