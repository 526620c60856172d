"""Where to cut rows so that little is padded: pure functions of their lengths.

Rows are given as an array of lengths in tokens, shape (rows, sequences): one column for each
sequence that is padded apart, such as source and target. A micro-batch of rows ``i`` to ``j`` holds
``(j - i) * (sum over sequences of the longest from i to j)`` padded tokens; it costs that and
``overhead_tokens`` tokens more, which stand for the time any micro-batch takes however small it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

LengthTable = npt.NDArray[np.int64]
Range = tuple[int, int]
"""First row and the row after the last."""

NEVER_CUT = 4**10
"""A cost per cut beside which padding costs nothing."""

_TOLERANCE = 0.02


def order_by_length(lengths: LengthTable) -> list[int]:
    """The rows from short to long; equally long ones stay in order."""
    return [int(row) for row in np.argsort(lengths.sum(axis=1), kind="stable")]


def cut(
    lengths: LengthTable,
    overhead_tokens: float,
    max_tokens: int | None = None,
    *,
    pads: bool = True,
) -> list[Range]:
    """The cheapest contiguous micro-batches of rows in the order given.

    None has more than ``max_tokens`` tokens, except a single row that is longer by itself. Unless
    ``pads`` is off those of padding are counted. Dynamic programming over the last cut: O(rows²).
    """
    starts = [start for _, start in _cheapest(lengths, overhead_tokens, max_tokens, pads)]
    edges = [len(lengths)]
    while edges[-1] > 0:
        edges.append(starts[edges[-1] - 1])
    return list(pairwise(reversed(edges)))


def padded_tokens(lengths: LengthTable, ranges: Sequence[Range]) -> int:
    """The tokens of these micro-batches, padding counted."""
    return sum((stop - start) * _width(lengths[start:stop]) for start, stop in ranges)


def share(
    lengths: LengthTable,
    parts: int,
    overhead_tokens: float,
    max_tokens: int | None = None,
    *,
    pads: bool = True,
) -> list[Range]:
    """Contiguous shares of the rows in the order given, one for each of ``parts`` processes, so
    that the costliest, once cut, costs as little as can be (within 2 % of its tokens).

    With fewer rows than parts the last shares are empty.
    """
    rows = len(lengths)
    if parts == 1:
        return [(0, rows)]
    if rows <= parts:
        return [(min(part, rows), min(part + 1, rows)) for part in range(parts)]
    # no share is cheaper than its part of the whole, or than the costliest row; none does without
    # a micro-batch, however much that costs beside the tokens
    *_, (total, _) = _cheapest(lengths, overhead_tokens, max_tokens, pads)
    low = max(total / parts, float(lengths.sum(axis=1).max()) + overhead_tokens)
    high = total
    best = _fill(lengths, parts, overhead_tokens, max_tokens, pads, high)
    while high - low > _TOLERANCE * max(1.0, low - overhead_tokens):
        limit = (low + high) / 2
        ranges = _fill(lengths, parts, overhead_tokens, max_tokens, pads, limit)
        if ranges is None:
            low = limit
        else:
            best, high = ranges, limit
    assert best is not None  # everything costs no more than the total
    return best


def _fill(
    lengths: LengthTable,
    parts: int,
    overhead_tokens: float,
    max_tokens: int | None,
    pads: bool,
    limit: float,
) -> list[Range] | None:
    """Shares filled one after the other up to ``limit``; ``None`` where rows are left over."""
    ranges = []
    start, rows = 0, len(lengths)
    for others in reversed(range(parts)):
        stop = start
        for cost, _ in _cheapest(lengths[start : rows - others], overhead_tokens, max_tokens, pads):
            if cost > limit:
                break
            stop += 1
        ranges.append((start, stop))
        start = stop
    return ranges if start == rows else None


def _cheapest(
    lengths: LengthTable, overhead_tokens: float, max_tokens: int | None, pads: bool
) -> Iterator[tuple[float, int]]:
    """For the first row, the first two, …: what they cost cut best, and where the last micro-batch
    of that cut starts."""
    rows = len(lengths)
    costs = np.zeros(rows + 1)
    longest = np.zeros_like(lengths)  # of each sequence, from each row to the current one
    sizes = np.arange(rows, 0, -1)
    until = np.concatenate([[0], lengths.sum(axis=1).cumsum()])
    for stop in range(1, rows + 1):
        if pads:
            np.maximum(longest[:stop], lengths[stop - 1], out=longest[:stop])
            tokens = sizes[rows - stop :] * longest[:stop].sum(axis=1)
        else:
            tokens = until[stop] - until[:stop]
        candidates = costs[:stop] + tokens + overhead_tokens
        if max_tokens is not None:
            candidates[:-1][tokens[:-1] > max_tokens] = np.inf
        start = int(candidates.argmin())
        costs[stop] = candidates[start]
        yield float(costs[stop]), start


def _width(lengths: LengthTable) -> int:
    return int(lengths.max(axis=0).sum())
