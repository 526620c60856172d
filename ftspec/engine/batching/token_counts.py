"""What training computed: tokens that are text, and tokens that are padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from ftspec.engine.batching.micro_batches import rows_of, sequences_in
from ftspec.engine.batching.packed_sequence import edges_of, is_flat
from ftspec.engine.batching.sizes import round_up

_IGNORED = -100  # the label of padding

Count = torch.Tensor | int


@dataclass
class TokenCounts:
    """Counts of one process since its training began.

    Tokens are counted in the sequences that are padded apart: of an encoder-decoder model those of
    the source and those of the target. Counting does not wait for the device; reading does.
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
        """The sum of each row's length, with the padding that was computed, times itself."""
        return int(self._squares)

    def add(
        self,
        batch: Mapping[str, Any],
        columns: Sequence[str],
        *,
        pads: bool = True,
        multiple: int = 1,
    ) -> None:
        """Count a batch of tensors; where no column is in it, as of a collator that puts sequences
        together, what it has first. Unless ``pads`` is on layers compute no padding in it, but text
        that was filled up to a ``multiple`` of tokens."""
        self.batches += 1
        self.rows += rows_of(batch)
        for column in sequences_in(batch, columns):
            lengths = _lengths_of_text(column, batch)
            real = batch[column].numel() if lengths is None else lengths.sum()
            is_as_it_came = pads or lengths is None or is_flat(batch)
            padded = batch[column].numel() if is_as_it_came else round_up(real, multiple)
            # a new mapping, so that a copy of the counts stays as it was
            before = self._padded_in.get(column, 0)
            self._padded_in = {**self._padded_in, column: before + padded}
            self._real = self._real + real
            self._squares = self._squares + _count_squares(column, batch, lengths, pads)


def _count_squares(
    column: str, batch: Mapping[str, torch.Tensor], lengths: torch.Tensor | None, pads: bool
) -> Count:
    if lengths is None or (pads and not is_flat(batch)):
        return batch[column].numel() * batch[column].shape[-1]
    return lengths.long().square().sum()


def _lengths_of_text(column: str, batch: Mapping[str, torch.Tensor]) -> torch.Tensor | None:
    """How many tokens of each row are not padding, where the batch says."""
    if is_flat(batch):
        return edges_of(batch).diff()
    tokens = batch[column]
    mask = batch.get("attention_mask")
    if column == "labels":
        return tokens.ne(_IGNORED).sum(dim=-1)
    if mask is not None and mask.shape == tokens.shape:
        return mask.sum(dim=-1)
    return None
