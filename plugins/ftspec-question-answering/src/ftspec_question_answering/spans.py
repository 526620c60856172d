"""The best spans from the scores of starts and ends, for all windows at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy.special import logsumexp

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_AT_ONCE = 128  # windows; limits memory, because each has a score for every span


@dataclass(frozen=True, slots=True)
class BestSpans:
    """The best spans of each of ``W`` windows, best first.

    Attributes:
        scores: (W, count), start plus end; minus infinity if a window has fewer spans.
        starts: (W, count), positions of first tokens.
        ends: (W, count), positions of last tokens.
        totals: (W,), the logarithm of the summed exponentials of the scores of all spans.
    """

    scores: Array
    starts: Array
    ends: Array
    totals: Array


def find_best_spans(
    starts: Array, ends: Array, is_context: Array, *, longest: int, count: int
) -> BestSpans:
    """The ``count`` best of all spans of at most ``longest`` tokens within the context.

    ``starts`` and ``ends`` are scores of shape (W, L). ``is_context`` says which tokens can be in
    an answer. The search is exhaustive: it does not drop starts or ends with low scores.
    """
    parts = [
        _find(
            np.where(is_context[part], starts[part], -np.inf),
            np.where(is_context[part], ends[part], -np.inf),
            min(longest, starts.shape[1]),
            count,
        )
        for at in range(0, len(starts), _AT_ONCE)
        for part in (slice(at, at + _AT_ONCE),)
    ]
    return BestSpans(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("scores", "starts", "ends", "totals")
        )
    )


def _find(starts: Array, ends: Array, longest: int, count: int) -> BestSpans:
    windows, width = starts.shape
    scores = np.full((windows, longest, width), -np.inf, dtype=np.float32)
    for further in range(longest):
        scores[:, further, : width - further] = starts[:, : width - further] + ends[:, further:]
    flat = scores.reshape(windows, -1)
    best: Array = np.argpartition(-flat, min(count, flat.shape[1]) - 1, axis=1)[:, :count]
    found = np.take_along_axis(flat, best, axis=1)
    order = np.argsort(-found, axis=1, kind="stable")
    best = np.take_along_axis(best, order, axis=1)
    length, start = np.divmod(best, width)
    return BestSpans(
        np.take_along_axis(found, order, axis=1), start, start + length, logsumexp(flat, axis=1)
    )
