"""What training computed: tokens that are text, and tokens that are padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from ftspec.engine.batching.flattened import edges_of, is_flat
from ftspec.engine.batching.micro_batches import rows_of

_IGNORED = -100  # the label of padding


@dataclass
class TokenCounts:
    """Counts of one process since its training began.

    Tokens are counted in the sequences that are padded apart: of an encoder-decoder model those of
    the source and those of the target. Counting does not wait for the device; reading does.

    Attributes:
        padded: tokens with padding; ``padded_in`` has those of each sequence.
    """

    rows: int = 0
    batches: int = 0
    padded: int = 0
    padded_in: Mapping[str, int] = field(default_factory=dict)
    _squares: torch.Tensor | int = 0
    _real: torch.Tensor | int = 0

    @property
    def real(self) -> int:
        """Tokens without padding."""
        return int(self._real)

    @property
    def squares(self) -> int:
        """The sum of each row's length, padding included, times itself."""
        return int(self._squares)

    def add(self, batch: Mapping[str, Any], columns: Sequence[str]) -> None:
        """Count a batch of tensors."""
        self.batches += 1
        self.rows += rows_of(batch)
        for column in columns:
            if column in batch:
                tokens = batch[column].numel()
                self.padded += tokens
                # a new mapping, so that a copy of the counts stays as it was
                self.padded_in = {**self.padded_in, column: self.padded_in.get(column, 0) + tokens}
                self._squares = self._squares + _count_squares(column, batch)
                self._real = self._real + _count_real(column, batch)


def _count_squares(column: str, batch: Mapping[str, torch.Tensor]) -> torch.Tensor | int:
    if is_flat(batch):
        return edges_of(batch).diff().long().square().sum()
    return batch[column].numel() * batch[column].shape[-1]


def _count_real(column: str, batch: Mapping[str, torch.Tensor]) -> torch.Tensor | int:
    tokens = batch[column]
    mask = batch.get("attention_mask")
    if column == "labels":
        return tokens.ne(_IGNORED).sum()
    if mask is not None and mask.shape == tokens.shape:
        return mask.sum()
    return tokens.numel()
