"""The ranks of relevant texts in a search by similarity."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]

_ROWS_AT_ONCE = 512  # queries with similarities in memory at once


def find_ranks(
    queries: Matrix, candidates: Matrix, relevant: Sequence[Sequence[int]]
) -> list[list[int]]:
    """For each query, the ranks of its relevant candidates among all of them, best first, from 1.

    ``queries`` and ``candidates`` have shape (Q, D) and (C, D) and are compared by cosine.
    ``relevant`` has rows of ``candidates``. In a tie, other candidates rank before relevant ones,
    so that equal vectors get the worst ranks.
    """
    queries, candidates = _normalized(queries), _normalized(candidates)
    ranks: list[list[int]] = []
    for start in range(0, len(queries), _ROWS_AT_ONCE):
        similarities = queries[start : start + _ROWS_AT_ONCE] @ candidates.T
        for row, right in zip(similarities, relevant[start:], strict=False):
            wanted = np.sort(row[list(right)])[::-1]
            wrong = np.sort(np.delete(row, list(right)))
            before = len(wrong) - np.searchsorted(wrong, wanted, side="left")
            ranks.append([int(place) for place in before + np.arange(1, len(wanted) + 1)])
    return ranks


def _normalized(vectors: Matrix) -> Matrix:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    normalized: Matrix = vectors / np.maximum(lengths, 1e-12)
    return normalized


def first_of_each(keys: Sequence[Hashable]) -> tuple[list[int], list[int]]:
    """The first row of each distinct key, and for every row the index of its key among them."""
    places: dict[Hashable, int] = {}
    firsts: list[int] = []
    for row, key in enumerate(keys):
        if key not in places:
            places[key] = len(firsts)
            firsts.append(row)
    return firsts, [places[key] for key in keys]
