"""Rows of similar length together where order does not matter: to evaluate and to predict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ftspec.engine.batching.split_by_length import LengthTable, order_by_length

_MOST_ROWS = 4
"""A batch of short rows has at most so many times the rows of a batch of the longest. Not all
memory that a row needs grows with its tokens, for example the text that is generated for it."""


def batch_by_length(lengths: LengthTable, rows_of_longest: int) -> list[list[int]]:
    """Rows in batches of similar length, the longest first.

    No batch has more padded tokens than ``rows_of_longest`` times the longest row, so that a batch
    fits into memory if it would in any other order.
    """
    if len(lengths) == 0:
        return []
    budget = rows_of_longest * int(lengths.max(axis=0).sum())
    batches: list[list[int]] = []
    longest = lengths[0]
    for row in reversed(order_by_length(lengths)):
        together = np.maximum(longest, lengths[row]) if batches else lengths[row]
        count = len(batches[-1]) + 1 if batches else 1
        if not batches or count * together.sum() > budget or count > _MOST_ROWS * rows_of_longest:
            batches.append([])
            together = lengths[row]
        batches[-1].append(row)
        longest = together
    return batches


def batch_equal_lengths(lengths: LengthTable, rows: int) -> list[list[int]]:
    """Rows in batches without padding, each of at most so many rows of one length, the longest
    first."""
    batches: list[list[int]] = []
    for row in reversed(order_by_length(lengths)):
        is_equal = bool(batches) and bool((lengths[batches[-1][0]] == lengths[row]).all())
        if not is_equal or len(batches[-1]) == rows:
            batches.append([])
        batches[-1].append(row)
    return batches


def put_back(values: Any, order: Sequence[int]) -> Any:
    """Values of rows that were computed in ``order``, in the order of the rows. Takes arrays, and
    tuples and mappings of arrays. Entries after the last row are dropped."""
    if values is None:
        return None
    if isinstance(values, dict):
        return {name: put_back(value, order) for name, value in values.items()}
    if isinstance(values, (tuple, list)):
        return type(values)(put_back(value, order) for value in values)
    inverse = np.argsort(np.asarray(order))
    return values[: len(order)][inverse]


def flat(batches: Iterable[Sequence[int]]) -> list[int]:
    """The rows in the order in which they are computed."""
    return [row for batch in batches for row in batch]
