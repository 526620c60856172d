"""Retrieval metrics: recall, mean reciprocal rank, nDCG and mean average precision.

All take the ranks of the relevant candidates of each query and are means over queries. Formulas as
in C. Manning, P. Raghavan, H. Schütze, Introduction to Information Retrieval (2008), chapter 8,
with relevance 0 or 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import datasets
import numpy as np

from ftspec.api import Context, LocalMetric
from ftspec_embeddings.config import RetrievalConfig

Ranks = Sequence[int]


def retrieval(config: RetrievalConfig, context: Context) -> LocalMetric:
    """``predictions`` are the ranks of the relevant candidates of a query, ``references`` their
    ranks in a perfect search. Both start at 1 and are sorted."""
    k = config.k

    def score(predictions: Any, references: Any) -> dict[str, float]:
        pairs = list(zip(predictions, references, strict=True))
        return {
            "recall@1": _mean(_recall(ranks, 1) for ranks in predictions),
            f"recall@{k}": _mean(_recall(ranks, k) for ranks in predictions),
            f"mrr@{k}": _mean(1 / ranks[0] if ranks[0] <= k else 0.0 for ranks in predictions),
            f"ndcg@{k}": _mean(_gain(ranks, k) / _gain(best, k) for ranks, best in pairs),
            "map": _mean(_average_precision(ranks) for ranks in predictions),
        }

    features = {name: datasets.List(datasets.Value("int64")) for name in _COLUMNS}
    return LocalMetric("retrieval", features, score)


_COLUMNS = ("predictions", "references")


def _mean(values: Any) -> float:
    return float(np.mean(list(values)))


def _recall(ranks: Ranks, k: int) -> float:
    return sum(rank <= k for rank in ranks) / len(ranks)


def _gain(ranks: Ranks, k: int) -> float:
    return float(sum(1 / np.log2(1 + rank) for rank in ranks if rank <= k))


def _average_precision(ranks: Ranks) -> float:
    return _mean(found / rank for found, rank in enumerate(ranks, start=1))
