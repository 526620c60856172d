"""Language models: the loss of documents, by their length."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ftspec.engine.scores.summary import Columns, Summary
from ftspec.engine.scores.tables import Table
from ftspec.metrics import RowSums

_FIRST_LENGTH = 16
_LARGEST = 700.0


def summarise_documents(columns: Columns, seed: int | None) -> Summary:
    """The mean loss over tokens and its perplexity, and both for documents of similar length.

    Args:
        columns: with the loss of each document, a mean over its ``tokens``.
        seed: of the draws of documents for intervals; ``None`` for none.
    """
    summary = Summary(seed)
    terms = np.array(
        [
            [loss * tokens, tokens]
            for loss, tokens in zip(columns["loss"], columns["tokens"], strict=True)
            if loss is not None
        ]
    )
    if not len(terms):
        summary.notes.append("no document has two tokens: there is no loss of documents")
        return summary
    summary.add_sums(_MEAN, terms)
    summary.tables["lengths"] = _by_length(terms)
    return summary


def _score(sums: np.ndarray, rows: int) -> dict[str, np.ndarray]:
    loss = sums[..., 0] / sums[..., 1]
    perplexity = np.where(loss < _LARGEST, np.exp(np.minimum(loss, _LARGEST)), np.inf)
    return {"loss": loss, "perplexity": perplexity}


_MEAN = RowSums(lambda predictions, references: np.asarray(predictions), _score)


def _by_length(terms: np.ndarray) -> Table:
    """The documents in buckets of tokens, each twice as wide as the one before."""
    tokens = terms[:, 1]
    table: Table = []
    start, end = 1, _FIRST_LENGTH
    while start <= tokens.max():
        inside = terms[(tokens >= start) & (tokens <= end)]
        if len(inside):
            loss_sum, count = inside.sum(axis=0)
            loss = float(loss_sum / count)
            table.append(
                {
                    "from_tokens": start,
                    "to_tokens": end,
                    "documents": len(inside),
                    "tokens": int(count),
                    "loss": loss,
                    "perplexity": _perplexity(loss),
                }
            )
        start, end = end + 1, end * 2
    return table


def _perplexity(loss: float) -> Any:
    return math.exp(loss) if loss < _LARGEST else None
