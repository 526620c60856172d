"""What training computed: tokens that are text, and tokens that are padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

_IGNORED = -100  # the label of padding


@dataclass
class TokenCounts:
    """Counts of one process since its training began.

    Tokens are counted in the sequences that are padded apart: of an encoder-decoder model those of
    the source and those of the target. Counting does not wait for the device; reading does.

    Attributes:
        padded: tokens with padding; ``padded_in`` has those of each sequence.
        squares: the sum of each row's length, padding included, times itself.
    """

    rows: int = 0
    batches: int = 0
    padded: int = 0
    padded_in: Mapping[str, int] = field(default_factory=dict)
    squares: int = 0
    _real: torch.Tensor | int = 0

    @property
    def real(self) -> int:
        """Tokens without padding."""
        return int(self._real)

    def add(self, batch: Mapping[str, Any], columns: Sequence[str]) -> None:
        """Count a batch of tensors."""
        self.batches += 1
        self.rows += int(next(iter(batch.values())).shape[0])
        for column in columns:
            if column in batch:
                tokens = batch[column].numel()
                self.padded += tokens
                # a new mapping, so that a copy of the counts stays as it was
                self.padded_in = {**self.padded_in, column: self.padded_in.get(column, 0) + tokens}
                self.squares += tokens * batch[column].shape[-1]
                self._real = self._real + _count_real(column, batch)


def _count_real(column: str, batch: Mapping[str, torch.Tensor]) -> torch.Tensor | int:
    tokens = batch[column]
    mask = batch.get("attention_mask")
    if column == "labels":
        return tokens.ne(_IGNORED).sum()
    if mask is not None and mask.shape == tokens.shape:
        return mask.sum()
    return tokens.numel()
