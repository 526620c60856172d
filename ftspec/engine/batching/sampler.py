"""The rows of each step, by their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import torch
from torch.utils.data import Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices

from ftspec.engine.batching.process_share import ProcessShare
from ftspec.engine.batching.split_by_length import (
    Costs,
    LengthTable,
    order_by_length,
    split_by_length,
)


@dataclass
class StepSampler(Sampler[list[int]]):
    """The rows of a process for each part of each step.

    A step takes the next ``rows_of_step`` rows of the sampler; the last step takes what is left.
    Its rows are sorted by length, and each part gets some of its micro-batches, so that several
    workers of a data loader collate them.

    Attributes:
        sampler: the same in all processes. Read again for each epoch; accelerate puts its own in
            place of it.
        rows: how many of the sampler are used.
        lengths: of all rows.
        parts: of a step, as many as the Trainer accumulates.
        costs: of micro-batches, as the collator splits them.
        share: keeps the rows of this process.
        batch_size: None, since parts differ in size.
    """

    sampler: Sampler[int]
    rows: int
    rows_of_step: int
    lengths: LengthTable
    parts: int
    costs: Costs
    share: ProcessShare | None = None

    drop_last = False
    batch_size = None

    def __len__(self) -> int:
        return -(-self.rows // self.rows_of_step) * self.parts

    def __iter__(self) -> Iterator[list[int]]:
        remaining = islice(self.sampler, self.rows)
        while rows := list(islice(remaining, self.rows_of_step)):
            lengths = self.lengths[rows]
            order = order_by_length(lengths) if self.share is None else self.share.own(lengths)
            for start, stop in self._parts_of(lengths[order]):
                yield [rows[row] for row in order[start:stop]]

    def _parts_of(self, lengths: LengthTable) -> Iterator[tuple[int, int]]:
        """Where the parts of a step begin and end. Where there are fewer micro-batches than parts,
        some parts are empty."""
        if self.parts == 1:
            yield 0, len(lengths)
            return
        edges = [0, *(stop for _, stop in split_by_length(lengths, self.costs))]
        last = len(edges) - 1
        for part in range(self.parts):
            yield edges[last * part // self.parts], edges[last * (part + 1) // self.parts]


class GroupingSampler(Sampler[int]):
    """Rows in batches of similar length, in another order for each epoch, as the sampler of
    transformers draws them. That sampler draws from the generator that dropout uses too, so that
    processes soon disagree."""

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self._lengths = lengths
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch that is drawn next. A resumed run draws the same rows again."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self._seed + self._epoch)
        rows: list[int] = get_length_grouped_indices(  # type: ignore[no-untyped-call]
            self._lengths, self._batch_size, generator=generator
        )
        return iter(rows)
