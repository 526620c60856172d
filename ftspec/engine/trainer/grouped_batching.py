"""A Trainer that draws rows of like length together, in an order a little different."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.utils.data import Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices

from ftspec.engine.batching.row_lengths import lengths_in
from ftspec.engine.trainer.evaluation_by_length import EvaluationByLength


class GroupingSampler(Sampler[int]):
    """Rows in batches of like length, drawn anew in each epoch, as transformers' own sampler does.
    That one draws from the generator that dropout uses too, so that processes soon disagree."""

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self._lengths = lengths
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Which epoch is drawn next: a resumed run draws what it would have drawn."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self._seed + self._epoch)
        rows: list[int] = get_length_grouped_indices(  # type: ignore[no-untyped-call]
            self._lengths, self._batch_size, generator=generator
        )
        return iter(rows)


class GroupedBatching(EvaluationByLength):
    """Trains on batches of like length."""

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:
        rows = self.train_dataset if train_dataset is None else train_dataset
        lengths = lengths_in(rows, self.task.length_columns).sum(axis=1).tolist()
        rows_of_step = self.args.train_batch_size * self.args.gradient_accumulation_steps
        seed = self.args.seed if self.args.data_seed is None else self.args.data_seed
        return GroupingSampler(lengths, rows_of_step, seed)
