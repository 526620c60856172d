"""What training computed: tokens of text, and tokens of padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from ftspec.engine.batching.micro_batches import rows_of, sequences_in
from ftspec.engine.batching.packed_sequence import boundaries_of, is_packed
from ftspec.labels import IGNORED_LABEL

Count = torch.Tensor | int


@dataclass
class TokenCounts:
    """Counts of one process since its training began.

    Tokens are counted in the sequences that are padded each by itself: for an encoder-decoder model
    those of the source and those of the target. Counting does not wait for the device; reading
    does.
    """

    rows: int = 0
    batches: int = 0
    _padded_in: Mapping[str, Count] = field(default_factory=dict)
    _squares: Count = 0
    _real: Count = 0

    @property
    def padded_in(self) -> dict[str, int]:
        """Tokens of each sequence, with the padding that was computed."""
        return {column: int(tokens) for column, tokens in self._padded_in.items()}

    @property
    def padded(self) -> int:
        """Tokens with the padding that was computed."""
        return sum(self.padded_in.values())

    @property
    def real(self) -> int:
        """Tokens without padding."""
        return int(self._real)

    @property
    def squares(self) -> int:
        """The sum of the squares of the rows' lengths, with the padding that was computed."""
        return int(self._squares)

    def add(self, batch: Mapping[str, Any], columns: Sequence[str], *, pads: bool = True) -> None:
        """Count a batch of tensors. Without ``pads`` the layers compute no padding in it."""
        self.batches += 1
        self.rows += rows_of(batch)
        for column in sequences_in(batch, columns):
            lengths = _lengths_of_text(column, batch)
            real = batch[column].numel() if lengths is None else lengths.sum()
            padded = batch[column].numel() if pads or lengths is None else real
            # a new mapping, so that a copy of the counts stays as it was
            before = self._padded_in.get(column, 0)
            self._padded_in = {**self._padded_in, column: before + padded}
            self._real = self._real + real
            self._squares = self._squares + _count_squares(column, batch, lengths, pads)


def _count_squares(
    column: str, batch: Mapping[str, torch.Tensor], lengths: torch.Tensor | None, pads: bool
) -> Count:
    if lengths is None or (pads and not is_packed(batch)):
        return batch[column].numel() * batch[column].shape[-1]
    return lengths.long().square().sum()


def _lengths_of_text(column: str, batch: Mapping[str, torch.Tensor]) -> torch.Tensor | None:
    """How many tokens of each row are not padding, if the batch says so."""
    if is_packed(batch):
        return boundaries_of(batch).diff()
    tokens = batch[column]
    mask = batch.get("attention_mask")
    if column == "labels":
        return tokens.ne(IGNORED_LABEL).sum(dim=-1)
    if mask is not None and mask.shape == tokens.shape:
        return mask.sum(dim=-1)
    return None
