"""Where to split rows so that little is padded: pure functions of their lengths.

Rows are an array of lengths in tokens, shape (rows, sequences): one column for each sequence that
is padded by itself, such as source and target. A micro-batch of rows ``i`` to ``j`` holds
``(j - i) * (sum over sequences of the longest from i to j)`` padded tokens. It costs that and
``overhead_tokens`` more, which stand for the time that any micro-batch takes, however small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

LengthTable = npt.NDArray[np.int64]
Range = tuple[int, int]
"""First row, and the row after the last."""

NEVER_SPLIT = 4**10
"""An overhead so large that padding costs nothing in comparison."""

_TOLERANCE = 0.02
_FIRST_STEP = 0.05
"""The first step upwards, as a part of the least that a share can cost."""


@dataclass(frozen=True)
class Costs:
    """What micro-batches cost, and how large they may be.

    Attributes:
        overhead_tokens: of each micro-batch.
        max_tokens: of a micro-batch, unless it is a single row that is longer.
        pads: whether tokens of padding are computed, and so count.
    """

    overhead_tokens: float = 0
    max_tokens: int | None = None
    pads: bool = True

    def within(self, max_tokens: int) -> Costs:
        """The same with another limit."""
        return replace(self, max_tokens=max_tokens)


def order_by_length(lengths: LengthTable) -> list[int]:
    """The rows from short to long. Rows of equal length stay in order."""
    return [int(row) for row in np.argsort(lengths.sum(axis=1), kind="stable")]


def split_by_length(lengths: LengthTable, costs: Costs) -> list[Range]:
    """The cheapest contiguous micro-batches of rows in the order given.

    Dynamic programming over the start of the last micro-batch: O(rows²).
    """
    starts = [start for _, start in _cheapest(lengths, costs)]
    edges = [len(lengths)]
    while edges[-1] > 0:
        edges.append(starts[edges[-1] - 1])
    return list(pairwise(reversed(edges)))


def share_by_cost(lengths: LengthTable, processes: int, costs: Costs) -> list[Range]:
    """Contiguous shares of rows from short to long, one for each process. The costliest share,
    once it is split, costs as little as possible (within 2 % of its tokens).

    With fewer rows than processes the last shares are empty.
    """
    rows = len(lengths)
    if processes == 1:
        return [(0, rows)]
    if rows <= processes:
        return [(min(part, rows), min(part + 1, rows)) for part in range(processes)]
    tokens = lengths.sum(axis=1)
    overhead = costs.overhead_tokens
    # the costliest share has at least the mean of the tokens, the longest row, and one micro-batch
    low = high = max(float(tokens.sum()) / processes, float(tokens.max())) + overhead
    step = _FIRST_STEP * high
    while (best := _fill(lengths, processes, costs, high)) is None:
        low, high, step = high, high + step, 2 * step
    while high - low > _TOLERANCE * max(1.0, low - overhead):
        limit = (low + high) / 2
        ranges = _fill(lengths, processes, costs, limit)
        if ranges is None:
            low = limit
        else:
            best, high = ranges, limit
    return best


def _fill(lengths: LengthTable, processes: int, costs: Costs, limit: float) -> list[Range] | None:
    """Shares of rows from short to long, filled one after the other up to ``limit``; ``None`` if
    rows are left over."""
    ranges = []
    start, rows = 0, len(lengths)
    for others in reversed(range(processes)):
        # no later row has fewer tokens: so few rows can be in the share
        shortest = int(lengths[start].sum()) if start < rows else 0
        most = int(limit / shortest) if shortest else rows
        stop = start + _rows_within(limit, lengths[start : min(rows - others, start + most)], costs)
        ranges.append((start, stop))
        start = stop
    return ranges if start == rows else None


def _rows_within(limit: float, lengths: LengthTable, costs: Costs) -> int:
    """How many of the first rows cost no more than ``limit``."""
    tokens = lengths.sum(axis=1).cumsum()
    largest = costs.max_tokens or np.inf
    if not costs.pads:
        batches = np.maximum(1, np.ceil(tokens / largest))
        return int(np.searchsorted(tokens + batches * costs.overhead_tokens, limit, side="right"))
    padded = np.arange(1, len(lengths) + 1) * np.maximum.accumulate(lengths, axis=0).sum(axis=1)
    count = int(np.searchsorted(padded + costs.overhead_tokens, limit, side="right"))
    wasted = (padded - tokens)[: count + 1].max(initial=0)
    if wasted <= costs.overhead_tokens and padded[: count + 1].max(initial=0) <= largest:
        return count  # no split saves as much padding as it costs
    count = 0
    for cost, _ in _cheapest(lengths, costs):
        if cost > limit:
            break
        count += 1
    return count


def _cheapest(lengths: LengthTable, costs: Costs) -> Iterator[tuple[float, int]]:
    """For the first row, the first two, …: what they cost when split best, and where the last
    micro-batch of that split starts."""
    rows = len(lengths)
    totals = np.zeros(rows + 1)
    longest = np.zeros_like(lengths)  # of each sequence, from each row to the current one
    sizes = np.arange(rows, 0, -1)
    until = np.concatenate([[0], lengths.sum(axis=1).cumsum()])
    for stop in range(1, rows + 1):
        if costs.pads:
            np.maximum(longest[:stop], lengths[stop - 1], out=longest[:stop])
            tokens = sizes[rows - stop :] * longest[:stop].sum(axis=1)
        else:
            tokens = until[stop] - until[:stop]
        candidates = totals[:stop] + tokens + costs.overhead_tokens
        if costs.max_tokens is not None:
            candidates[:-1][tokens[:-1] > costs.max_tokens] = np.inf
        start = int(candidates.argmin())
        totals[stop] = candidates[start]
        yield float(totals[stop]), start
