"""The record that all benchmarks share: one measure of one case, over all rounds."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measure of one case.

    Attributes:
        case: what was run.
        measure: what of it was measured, with the unit: ``"time, ms"``.
        median, low, high: over the rounds; low and high are the quartiles.
        ratio: to the same measure of the case ``of``, the median of the ratios within a round.
    """

    case: str
    measure: str
    median: float
    low: float
    high: float
    ratio: float | None = None
    of: str | None = None


def compare(
    measure: str, values: Mapping[str, Sequence[float]], *, to: str | None = None
) -> Iterator[Row]:
    """A row for each case, given its values by round, compared with the case ``to``."""
    for case, numbers in values.items():
        low, _, high = (
            statistics.quantiles(numbers, n=4, method="inclusive")
            if len(numbers) > 1
            else numbers * 3
        )
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
    measures = list(dict.fromkeys(row.measure for row in rows))
    by_place = {(row.case, row.measure): row for row in rows}
    heads = ["case"]
    for measure in measures:
        heads.append(f"{measure} (quartiles)")
        baseline = next((row.of for row in rows if row.measure == measure and row.of), None)
        if baseline is not None:
            heads.append(f"÷ {baseline}")
    lines = [heads, ["---"] * len(heads)]
    for case in dict.fromkeys(row.case for row in rows):
        cells = [case]
        for measure in measures:
            row = by_place.get((case, measure))
            cells += _cells(row) if row is not None else [""]
        lines.append(cells)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def to_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows as JSON values, rounded to what can be told apart."""
    return [
        {
            key: float(f"{value:.4g}") if isinstance(value, float) else value
            for key, value in dataclasses.asdict(row).items()
        }
        for row in rows
    ]


def _cells(row: Row) -> list[str]:
    spread = f"{_shown(row.median)} ({_shown(row.low)} to {_shown(row.high)})"
    return [spread] if row.ratio is None else [spread, f"**{row.ratio:.2f}**"]


def _shown(value: float) -> str:
    """With three digits that count."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"
