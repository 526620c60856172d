"""No other split into micro-batches is cheaper."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftspec.engine.batching.split_by_length import (
    Costs,
    LengthTable,
    Range,
    order_by_length,
    share_by_cost,
    split_by_length,
)

LENGTHS = st.integers(1, 60)
COSTS = st.sampled_from([0, 1, 7.5, 64, 1e9])
CAPS = st.none() | st.integers(1, 200)


@st.composite
def tables(draw: st.DrawFn) -> LengthTable:
    """Lengths of a few rows in one sequence or two, in any order."""
    sequences = draw(st.integers(1, 2))
    rows = draw(st.lists(st.tuples(*[LENGTHS] * sequences), min_size=1, max_size=7))
    return np.array(rows, dtype=np.int64)


def every_split(rows: int, parts: int | None = None) -> Iterator[list[Range]]:
    """All ways to split rows, or to split them into so many parts."""
    for count in range(rows) if parts is None else [parts - 1]:
        for edges in combinations(range(1, rows), count):
            yield list(pairwise([0, *edges, rows]))


def cost_of(lengths: LengthTable, ranges: list[Range], overhead_tokens: float) -> float:
    """Padded tokens, written out, and the cost of each micro-batch."""
    tokens = 0
    for start, stop in ranges:
        columns = zip(*lengths[start:stop].tolist(), strict=True)
        tokens += sum(max(column) for column in columns) * (stop - start)
    return tokens + overhead_tokens * len(ranges)


def fits(lengths: LengthTable, ranges: list[Range], max_tokens: int | None) -> bool:
    """Whether every micro-batch of more than one row is within the limit."""
    return max_tokens is None or all(
        stop - start == 1 or cost_of(lengths, [(start, stop)], 0) <= max_tokens
        for start, stop in ranges
    )


def cheapest(lengths: LengthTable, overhead_tokens: float, max_tokens: int | None) -> float:
    """The cost of the best of all splits that fit."""
    return min(
        cost_of(lengths, ranges, overhead_tokens)
        for ranges in every_split(len(lengths))
        if fits(lengths, ranges, max_tokens)
    )


@given(tables(), COSTS, CAPS)
def test_no_split_is_cheaper(
    lengths: LengthTable, overhead_tokens: float, max_tokens: int | None
) -> None:
    ranges = split_by_length(lengths, Costs(overhead_tokens, max_tokens))

    assert [start for start, _ in ranges] == [0, *(stop for _, stop in ranges[:-1])]
    assert ranges[-1][1] == len(lengths)
    assert fits(lengths, ranges, max_tokens)
    assert cost_of(lengths, ranges, overhead_tokens) == pytest.approx(
        cheapest(lengths, overhead_tokens, max_tokens)
    )


@settings(max_examples=50)
@given(tables(), st.integers(1, 4), COSTS, CAPS)
def test_no_shares_are_better_balanced(
    lengths: LengthTable, parts: int, overhead_tokens: float, max_tokens: int | None
) -> None:
    lengths = lengths[order_by_length(lengths)]
    ranges = share_by_cost(lengths, parts, Costs(overhead_tokens, max_tokens))

    assert len(ranges) == parts
    assert [row for start, stop in ranges for row in range(start, stop)] == [*range(len(lengths))]
    if len(lengths) < parts:
        return
    assert all(start < stop for start, stop in ranges)

    def costliest(shares: list[Range]) -> float:
        return max(cheapest(lengths[a:b], overhead_tokens, max_tokens) for a, b in shares)

    best = min(costliest(shares) for shares in every_split(len(lengths), parts))
    assert costliest(ranges) <= best * 1.02 + 1e-9


@pytest.mark.parametrize("pads", [True, False])
def test_shares_are_balanced_however_large_the_overhead(pads: bool) -> None:
    """Where steps stay whole, the overhead says nothing about the time of a share."""
    lengths = np.sort(np.random.default_rng(0).integers(5, 200, (64, 1)), axis=0)
    tokens = [
        cost_of(lengths[one[0] : one[1]], [(0, one[1] - one[0])], 0)
        if pads
        else int(lengths[one[0] : one[1]].sum())
        for one in share_by_cost(lengths, 2, Costs(4**10, pads=pads))
    ]

    assert max(tokens) < 1.05 * min(tokens)


@given(tables(), COSTS, CAPS)
def test_rows_that_are_not_padded_are_split_only_to_fit(
    lengths: LengthTable, overhead_tokens: float, max_tokens: int | None
) -> None:
    ranges = split_by_length(lengths, Costs(overhead_tokens, max_tokens, pads=False))

    tokens = [int(lengths[start:stop].sum()) for start, stop in ranges]
    assert [start for start, _ in ranges] == [0, *(stop for _, stop in ranges[:-1])]
    assert ranges[-1][1] == len(lengths)
    if max_tokens is None:
        assert len(ranges) == 1
        return
    assert all(a + b > max_tokens for a, b in pairwise(tokens))
    for (start, stop), count in zip(ranges, tokens, strict=True):
        assert count <= max_tokens or stop - start == 1


def test_rows_are_ordered_by_all_their_tokens() -> None:
    assert order_by_length(np.array([[5, 9], [3, 1], [4, 10], [2, 2]])) == [1, 3, 0, 2]


def test_a_split_worth_its_overhead_is_made() -> None:
    lengths = np.array([[10], [10], [10], [100]])

    assert split_by_length(lengths, Costs(64)) == [(0, 3), (3, 4)]
    assert split_by_length(lengths, Costs(270)) == [(0, 4)]
