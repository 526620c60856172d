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
from typing import Any

import numpy as np
import torch

_VALUES = 2**32
"""Of the numbers that decide whether to keep one; half of them are below nought."""


@contextmanager
def fast_masks() -> Iterator[None]:
    """While it lasts, dropout on a CPU draws fast, of layers and within attention: it is told by
    ``bernoulli_``, which is replaced. Not in what is compiled, which draws for itself."""
    library: Any = torch.library.Library("aten", "IMPL", "CPU")  # type: ignore[no-untyped-call]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a kernel of torch is replaced
        library.impl("bernoulli_.float", draw_mask)
    try:
        yield
    finally:
        library._destroy()


def draw_mask(
    mask: torch.Tensor, kept: float = 0.5, *, generator: torch.Generator | None = None
) -> torch.Tensor:
    """Fill a tensor with ones where something is ``kept``, which is how probable that is, and
    noughts elsewhere. As ``Tensor.bernoulli_``, to the 32nd bit of the probability."""
    threshold = round(kept * _VALUES) - _VALUES // 2
    if not -_VALUES // 2 < threshold < _VALUES // 2:
        return mask.fill_(round(kept))
    seed = int(torch.empty((), dtype=torch.int64).random_(generator=generator))
    count = mask.numel()
    drawn = np.random.SFC64(seed).random_raw(-(-count // 2)).view(np.int32)[:count]
    return torch.lt(torch.from_numpy(drawn).view(mask.shape), threshold, out=mask)
