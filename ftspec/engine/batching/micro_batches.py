"""Batches of tensors: how large they are, and how they are split."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import torch

from ftspec.engine.batching.packed_sequence import (
    Batch,
    boundaries_of,
    is_packed,
    lengths_of_packed,
    take_rows,
)
from ftspec.engine.batching.split_by_length import Costs, split_by_length

Form = Literal["padded", "packed", "packed_layers"]
"""The rows of a micro-batch are padded, or one packed sequence, or padded for embeddings and head
and packed for the layers in between."""


class MicroBatches:
    """Batches that are computed one after the other. Moves like a tensor, for data loaders."""

    def __init__(self, batches: Sequence[Batch] = ()) -> None:
        self._batches = tuple(batches)

    def __iter__(self) -> Iterator[Batch]:
        return iter(self._batches)

    def __len__(self) -> int:
        return len(self._batches)

    def to(self, device: torch.device | str, non_blocking: bool = False) -> MicroBatches:
        """The same on a device. Pinned memory is copied without waiting."""
        return self._with_each(
            lambda tensor: tensor.to(device, non_blocking=non_blocking or tensor.is_pinned())
        )

    def pin_memory(self) -> MicroBatches:
        """The same in memory that a device reads directly."""
        return self._with_each(torch.Tensor.pin_memory)

    def _with_each(self, change: Callable[[torch.Tensor], torch.Tensor]) -> MicroBatches:
        return MicroBatches(
            [
                {
                    name: change(value) if isinstance(value, torch.Tensor) else value
                    for name, value in batch.items()
                }
                for batch in self
            ]
        )


def tokens_of(batch: Batch, columns: Sequence[str]) -> int:
    """The tokens of a batch, padding included."""
    return sum(batch[name].numel() for name in sequences_in(batch, columns))


def sequences_in(batch: Mapping[str, Any], columns: Sequence[str]) -> list[str]:
    """The columns that are in a batch. A collator may join sequences, so that none is: then the
    first entry of the batch."""
    return [column for column in columns if column in batch] or [next(iter(batch))]


def rows_of(batch: Mapping[str, Any]) -> int:
    """How many rows a batch has."""
    if is_packed(batch):
        return len(boundaries_of(batch)) - 1
    return int(next(iter(batch.values())).shape[0])


def split_rows(batch: Batch, rows: int) -> list[Batch]:
    """A batch as batches of at most so many rows, of about equal size."""
    count = rows_of(batch)
    parts = -(-count // rows)
    edges = [count * part // parts for part in range(parts + 1)]
    if is_packed(batch):
        return [take_rows(batch, part) for part in pairwise(edges)]
    return [
        {name: _part(value, count, start, stop) for name, value in batch.items()}
        for start, stop in pairwise(edges)
    ]


def _part(value: Any, count: int, start: int, stop: int) -> Any:
    """The rows of a value from ``start`` to ``stop``. A value without ``count`` rows stays
    whole."""
    is_of_rows = isinstance(value, list) or (isinstance(value, torch.Tensor) and value.ndim > 0)
    return value[start:stop] if is_of_rows and len(value) == count else value


def cut_rows(batch: Batch, start: int, stop: int) -> Batch:
    """Some rows of a padded batch, with no more padding than these rows need by its mask."""
    count = rows_of(batch)
    rows = {name: _part(value, count, start, stop) for name, value in batch.items()}
    mask = batch.get("attention_mask")
    if mask is None:
        return rows
    is_used = rows["attention_mask"].any(dim=0)
    return {
        name: value[:, is_used] if batch[name].shape == mask.shape else value
        for name, value in rows.items()
    }


def split_to_fit(batch: Batch, columns: Sequence[str], max_tokens: int) -> list[Batch]:
    """A batch as batches of at most so many tokens, but of at least one row."""
    if tokens_of(batch, columns) <= max_tokens:
        return [batch]
    if is_packed(batch):
        costs = Costs(max_tokens=max_tokens, pads=False)
        return [take_rows(batch, part) for part in split_by_length(lengths_of_packed(batch), costs)]
    width = tokens_of(batch, columns) / rows_of(batch)
    return split_rows(batch, max(1, int(max_tokens // width)))
