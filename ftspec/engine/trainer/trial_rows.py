"""The rows of a run that a trial computes: few, and of very different lengths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from datasets import Dataset

from ftspec.engine.batching.row_lengths import first_rows, lengths_in, lengths_of_rows
from ftspec.engine.batching.split_by_length import order_by_length

_MEASURED_ROWS = 1000
_STREAMED_ROWS = 100
_SHORT = 48
"""Tokens of a row that is cheap to try."""


class TrialStep(NamedTuple):
    """The rows of a step as micro-batches, and the tokens that they have as one padded batch."""

    parts: list[list[dict[str, Any]]]
    tokens: int


class TrialRows(NamedTuple):
    """``short`` rows are cheap to compute. ``longest`` are the shortest and the longest row, where
    the longest is not among the short ones. ``mean_tokens`` is the mean length of rows."""

    short: TrialStep
    longest: TrialStep | None
    mean_tokens: float


def choose_rows(rows: Any, columns: Sequence[str]) -> TrialRows:
    """The rows to try of a data set or a stream."""
    if isinstance(rows, Dataset):
        some: Any = rows.select(range(0, len(rows), max(1, len(rows) // _MEASURED_ROWS)))
        lengths = lengths_in(some, columns)
    else:
        some = first_rows(rows, _STREAMED_ROWS)
        lengths = lengths_of_rows(some, columns)

    def step(*parts: Sequence[int]) -> TrialStep:
        chosen = [row for part in parts for row in part]
        tokens = len(chosen) * int(lengths[chosen].max(axis=0).sum())
        return TrialStep([[some[row] for row in part] for part in parts if part], tokens)

    tokens = lengths.sum(axis=1)
    order = order_by_length(lengths)
    count = max(min(4, len(order)), int((tokens <= _SHORT).sum()))
    short = [order[at] for at in sorted({0, count // 3, 2 * count // 3, count - 1})]
    ends = [order[0]], [order[-1]]
    return TrialRows(
        short=step(short[:1], short[1:-1], short[1:][-1:]),
        longest=None if order[-1] in short else step(*ends),
        mean_tokens=float(tokens.mean()),
    )
