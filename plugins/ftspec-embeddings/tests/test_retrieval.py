"""Ranks and their metrics, compared with values computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from ftspec_embeddings.config import RetrievalConfig
from ftspec_embeddings.ranks import find_ranks, first_of_each
from ftspec_embeddings.retrieval import retrieval

from ftspec.api import Context

CONTEXT = Context(section=("metrics", 0), seed=0, note=lambda text: None)


def at(*degrees: float) -> np.ndarray:
    """Unit vectors in the plane."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_ranks_count_all_candidates_that_are_closer() -> None:
    candidates = at(0, 10, 20, 90)
    assert find_ranks(at(1, 12, 80), candidates, [[0], [2], [0]]) == [[1], [2], [4]]
    assert find_ranks(at(1), candidates, [[3, 0]]) == [[1, 4]]
    assert find_ranks(at(1), candidates, [[2, 1]]) == [[2, 3]]


def test_length_does_not_count() -> None:
    assert find_ranks(at(9) * 7, at(0, 10) * np.array([[100], [0.1]]), [[1]]) == [[1]]


def test_vectors_that_are_all_alike_find_nothing() -> None:
    same = np.ones((5, 3), dtype=np.float32)
    assert find_ranks(same, same, [[row] for row in range(5)]) == [[5]] * 5


def test_many_queries_are_searched_in_blocks() -> None:
    vectors = at(*np.linspace(0, 80, 1100))
    assert find_ranks(vectors, vectors, [[row] for row in range(1100)]) == [[1]] * 1100


def test_equal_texts_are_one() -> None:
    assert first_of_each(["b", "a", "b", "c", "a"]) == ([0, 1, 3], [0, 1, 0, 2, 1])


def test_metrics_are_those_worked_out_by_hand() -> None:
    metric = retrieval(RetrievalConfig(k=3), CONTEXT)
    found = metric.compute(predictions=[[1], [3], [4], [2, 5]], references=[[1], [1], [1], [1, 2]])
    second = 1 / math.log2(3)
    assert found == pytest.approx(
        {
            "recall@1": 1 / 4,
            "recall@3": (1 + 1 + 0 + 1 / 2) / 4,
            "mrr@3": (1 + 1 / 3 + 0 + 1 / 2) / 4,
            "ndcg@3": (1 + 1 / 2 + 0 + second / (1 + second)) / 4,
            "map": (1 + 1 / 3 + 1 / 4 + (1 / 2 + 2 / 5) / 2) / 4,
        }
    )
