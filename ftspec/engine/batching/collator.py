"""From the rows of a step to its micro-batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftspec.engine.batching.micro_batches import MicroBatches, tokens_of
from ftspec.engine.batching.packed_sequence import Batch, pack
from ftspec.engine.batching.process_share import ProcessShare
from ftspec.engine.batching.row_lengths import lengths_of_rows, width_multiple
from ftspec.engine.batching.split_by_length import (
    Costs,
    LengthTable,
    order_by_length,
    split_by_length,
)

_COLLATING = Costs(overhead_tokens=256)
"""Collating a batch on a CPU costs about as much as collating so many tokens."""

Collate = Callable[[list[dict[str, Any]]], Mapping[str, Any]]


@dataclass
class MicroBatchCollator:
    """Splits rows by length, and pads each micro-batch to its own longest row.

    The largest micro-batch comes first.

    Attributes:
        collate: makes a padded batch of rows.
        columns: the sequences that are padded each by itself.
        costs: what micro-batches cost.
        packs: whether a micro-batch is a packed sequence.
        share: keeps the rows of this process, where the rows are those of all processes.
    """

    collate: Collate
    columns: Sequence[str]
    costs: Costs
    packs: bool = False
    share: ProcessShare | None = None

    def __call__(self, rows: Sequence[dict[str, Any]]) -> MicroBatches:
        multiple = 1 if self.packs else width_multiple(self.collate)
        lengths = lengths_of_rows(rows, self.columns, multiple)
        order = order_by_length(lengths) if self.share is None else self.share.own(lengths)
        rows, lengths = [rows[row] for row in order], lengths[order]
        batches = [
            self._batch_of(rows[start:stop], lengths[start:stop])
            for start, stop in split_by_length(lengths, self.costs)
        ]
        return MicroBatches(
            sorted(batches, key=lambda batch: tokens_of(batch, self.columns), reverse=True)
        )

    def _batch_of(self, rows: list[dict[str, Any]], lengths: LengthTable) -> Batch:
        if not self.packs:
            return dict(self.collate(rows))
        # collators pad: rows of similar length are collated together, so that little is padded
        # only to be removed again
        padded = [
            dict(self.collate(rows[start:stop]))
            for start, stop in split_by_length(lengths, _COLLATING)
        ]
        return pack(*padded)
