"""The rows of one optimizer step as the batches a device computes one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import torch

from ftspec.engine.batching.packed_sequence import (
    edges_of,
    flatten,
    is_flat,
    lengths_of_flat,
    take_rows,
)
from ftspec.engine.batching.row_lengths import lengths_of_rows
from ftspec.engine.batching.sharing import Sharing
from ftspec.engine.batching.sizes import round_up, width_multiple
from ftspec.engine.batching.split_by_length import LengthTable, cut, order_by_length

Batch = dict[str, Any]
"""Tensors by name; the first dimension of each is the rows, unless the batch is flat."""

Form = Literal["padded", "line", "layers"]
"""Rows are padded, lie one after the other in a line, or are padded but not where layers see it."""

_COST_OF_COLLATING = 256
"""Beside its tokens, in tokens, on a CPU."""

Collate = Callable[[list[dict[str, Any]]], Mapping[str, Any]]


class MicroBatches:
    """Batches that together are one step. Knows how to move, for data loaders that move batches."""

    def __init__(self, batches: Sequence[Batch]) -> None:
        self._batches = tuple(batches)

    def __iter__(self) -> Iterator[Batch]:
        return iter(self._batches)

    def __len__(self) -> int:
        return len(self._batches)

    def to(self, device: torch.device | str, non_blocking: bool = False) -> MicroBatches:
        """The same on a device. What is pinned need not be waited for."""
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


class CuttingCollator:
    """Cuts the rows of a step by length and pads each micro-batch to its own longest row.

    ``columns`` hold the sequences that are padded apart; ``overhead_tokens`` and ``max_tokens``
    are those of :func:`ftspec.engine.batching.split_by_length.cut`. Where ``flattens`` is on
    micro-batches are flat, filled up to a ``multiple`` of tokens where that is within the most.
    With ``sharing`` the rows are those of all processes, and this one's own are kept. The costliest
    batch comes first: where memory is too small for the step, that shows at once.
    """

    def __init__(
        self,
        collate: Collate,
        columns: Sequence[str],
        overhead_tokens: float,
        max_tokens: int | None = None,
        *,
        flattens: bool = False,
        multiple: int = 1,
        sharing: Sharing | None = None,
    ) -> None:
        self._collate = collate
        self._columns = tuple(columns)
        self.overhead_tokens = overhead_tokens
        self.max_tokens = max_tokens
        self._flattens = flattens
        self._multiple = multiple
        self._sharing = sharing

    def __call__(self, rows: Sequence[dict[str, Any]]) -> MicroBatches:
        width = 1 if self._flattens else width_multiple(self._collate)
        lengths = lengths_of_rows(rows, self._columns, width)
        order = order_by_length(lengths) if self._sharing is None else self._sharing.own(lengths)
        rows, lengths = [rows[row] for row in order], lengths[order]
        ranges = cut(lengths, self.overhead_tokens, self.max_tokens, pads=not self._flattens)
        batches = [self._batch_of(rows[start:stop], lengths[start:stop]) for start, stop in ranges]
        return MicroBatches(
            sorted(batches, key=lambda batch: tokens_of(batch, self._columns), reverse=True)
        )

    def _batch_of(self, rows: list[dict[str, Any]], lengths: LengthTable) -> Batch:
        if not self._flattens:
            return dict(self._collate(rows))
        # padded on the way, since that is what collators do: those of like length together, or most
        # of what they do would be for nothing
        padded = [
            dict(self._collate(rows[start:stop]))
            for start, stop in cut(lengths, _COST_OF_COLLATING)
        ]
        tokens = int(lengths.sum())
        filled = round_up(tokens, self._multiple)
        has_room = self.max_tokens is None or filled <= self.max_tokens
        return flatten(*padded, filling=filled - tokens if has_room else 0)


def tokens_of(batch: Batch, columns: Sequence[str]) -> int:
    """The tokens of a batch, padding counted."""
    return sum(batch[name].numel() for name in sequences_in(batch, columns))


def sequences_in(batch: Mapping[str, Any], columns: Sequence[str]) -> list[str]:
    """The columns that are in a batch; what it has first where none is, since a collator may put
    sequences together."""
    return [column for column in columns if column in batch] or [next(iter(batch))]


def rows_of(batch: Mapping[str, Any]) -> int:
    """How many rows a batch has."""
    if is_flat(batch):
        return len(edges_of(batch)) - 1
    return int(next(iter(batch.values())).shape[0])


def split(batch: Batch, rows: int) -> list[Batch]:
    """A batch as batches of so many rows at most, of like size."""
    count = rows_of(batch)
    parts = -(-count // rows)
    edges = [count * part // parts for part in range(parts + 1)]
    if is_flat(batch):
        return [take_rows(batch, part) for part in pairwise(edges)]
    return [
        {name: _part(value, count, start, stop) for name, value in batch.items()}
        for start, stop in pairwise(edges)
    ]


def _part(value: Any, count: int, start: int, stop: int) -> Any:
    """The rows of a value from ``start`` to ``stop``; what has not ``count`` rows stays whole."""
    is_of_rows = isinstance(value, list) or (isinstance(value, torch.Tensor) and value.ndim > 0)
    return value[start:stop] if is_of_rows and len(value) == count else value


def split_to_fit(batch: Batch, columns: Sequence[str], max_tokens: int) -> list[Batch]:
    """A batch as batches of so many tokens at most, but of one row at least."""
    if tokens_of(batch, columns) <= max_tokens:
        return [batch]
    if is_flat(batch):
        ranges = cut(lengths_of_flat(batch), 0, max_tokens, pads=False)
        return [take_rows(batch, part) for part in ranges]
    width = tokens_of(batch, columns) / rows_of(batch)
    return split(batch, max(1, int(max_tokens // width)))
