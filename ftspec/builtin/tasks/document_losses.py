"""The loss of each document, from the losses of the tokens of blocks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from ftspec.api import IGNORED_LABEL


def token_losses(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The loss of each label but the first of a row, which no token predicts, shape (B, L - 1).
    Rows are computed one by one: in fp32 logits are large."""
    return torch.stack(
        [
            functional.cross_entropy(
                row[:-1].float(), label[1:], ignore_index=IGNORED_LABEL, reduction="none"
            )
            for row, label in zip(logits, labels, strict=True)
        ]
    )


def losses_by_document(
    blocks: Iterable[Sequence[int]],
    documents: Iterable[Sequence[int]],
    learned: Callable[[Sequence[int]], Sequence[bool]],
    losses: np.ndarray,
    labels: np.ndarray,
) -> Mapping[str, Sequence[Any]] | None:
    """For each document how many of its tokens are predicted, their mean loss, and its exponential.

    Args:
        blocks: the tokens of the rows that were computed: all documents, one after the other.
        documents: the tokens of each document.
        learned: which tokens of a block have a loss.
        losses: of the labels but the first of each block, padded, shape (blocks, L - 1).
        labels: of the blocks, padded, shape (blocks, L).

    Returns:
        The columns ``tokens``, ``loss`` and ``perplexity``; ``None`` if the blocks are others.
    """
    blocks, ends = list(blocks), np.cumsum([len(ids) for ids in documents], dtype=np.int64)
    is_learned = np.fromiter(chain.from_iterable(map(learned, blocks)), bool)
    has_label = np.asarray(labels)[:, 1:] != IGNORED_LABEL
    tokens = int(ends[-1]) if len(ends) else 0
    # a last token alone is no block: it has no next one
    if not 0 <= tokens - len(is_learned) <= 1 or has_label.sum() != is_learned.sum():
        return None
    owners = np.searchsorted(ends, np.flatnonzero(is_learned), side="right")
    counts = np.bincount(owners, minlength=len(ends))
    sums = np.bincount(owners, np.asarray(losses, np.float64)[has_label], minlength=len(ends))
    means = [
        float(sum_ / count) if count else None for sum_, count in zip(sums, counts, strict=True)
    ]
    return {
        "tokens": counts.tolist(),
        "loss": means,
        "perplexity": [None if mean is None else _exponential(mean) for mean in means],
    }


def _exponential(loss: float) -> float:
    return math.exp(loss) if loss < 700 else math.inf
