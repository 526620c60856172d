"""Masks of dropout on a CPU, drawn by a faster generator.

torch draws them one number after the other from its Mersenne Twister, on one core: a good part of a
small model's step. Here one number of torch's own begins the stream of SFC64, numpy's fastest, that
a whole mask is drawn from. So a mask depends on the seed and the state of torch's generator as
ever: runs repeat, a resumed one goes on as if it had not been stopped, and what is computed again
for its gradient drops the same.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch

_LEVELS = 2**32
"""Of the numbers drawn, of which half are below nought."""

_PIECE = 2**17
"""Numbers drawn at once; how many changes nothing but the memory that they need."""

_replaced: list[Any] = []


@contextmanager
def fast_masks(process: int = 0) -> Iterator[None]:
    """While it lasts, ``bernoulli_`` on a CPU draws fast, by which dropout of layers and within
    attention is told, and whatever else calls it. Not what is compiled, which draws for itself.
    Processes with one seed draw different masks."""
    if _replaced:  # already
        yield
        return
    library: Any = torch.library.Library("aten", "IMPL", "CPU")  # type: ignore[no-untyped-call]
    _replaced.append(library)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a kernel of torch is replaced
            library.impl("bernoulli_.float", partial(draw_mask, process=process))
        yield
    finally:
        _replaced.clear()
        library._destroy()


def draw_mask(
    mask: torch.Tensor,
    kept: float = 0.5,
    *,
    generator: torch.Generator | None = None,
    process: int = 0,
) -> torch.Tensor:
    """Fill a tensor with ones where something is ``kept``, which is how probable that is, and
    noughts elsewhere. As ``Tensor.bernoulli_``, to the 32nd bit of the probability.

    Raises:
        RuntimeError: nothing is as probable.
    """
    if not 0 <= kept <= 1:
        raise RuntimeError(f"bernoulli_ expects a probability from 0 to 1, not {kept}")
    if kept in (0, 1):
        return mask.fill_(kept)
    threshold = min(round(kept * _LEVELS), _LEVELS - 1) - _LEVELS // 2
    seed = int(torch.empty((), dtype=torch.int64).random_(generator=generator))
    stream = np.random.SFC64([seed, process])
    filled = mask if mask.is_contiguous() else torch.empty(mask.shape, dtype=mask.dtype)
    for piece in torch.split(filled.view(-1), _PIECE):
        drawn = stream.random_raw(-(-len(piece) // 2)).view(np.int32)[: len(piece)]
        torch.lt(torch.from_numpy(drawn), threshold, out=piece)
    return mask if filled is mask else mask.copy_(filled)
