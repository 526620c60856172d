"""Batches without padding: rows one after the other in one packed sequence.

Attention must know where rows begin. Positions that start again at 0 say so to every attention of
transformers. Attention of variable length also takes the boundaries between rows, so that no layer
has to look for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.nn import functional

from ftspec.engine.batching.split_by_length import LengthTable, Range
from ftspec.labels import IGNORED_LABEL

Batch = dict[str, Any]
"""Tensors by name. The first dimension of each is the rows, unless the batch is packed."""

PACKABLE = frozenset({"input_ids", "attention_mask", "labels"})
"""A padded batch can be packed if it holds exactly these."""

_BOUNDARIES, _LONGEST = ("cu_seq_lens_q", "cu_seq_lens_k"), ("max_length_q", "max_length_k")


def is_packed(batch: Mapping[str, Any]) -> bool:
    """Whether the rows of a batch are one packed sequence."""
    return _BOUNDARIES[0] in batch


def pack(*batches: Batch) -> Batch:
    """Padded batches of a causal language model, ids and labels of shape (rows, longest), as one
    packed sequence of shape (1, tokens).

    The first token of a row is no label: the last token of the row before would predict it.
    """
    texts = [batch["attention_mask"].bool() for batch in batches]
    lengths = torch.cat([is_text.sum(dim=1) for is_text in texts])
    ids, labels = (
        torch.cat([batch[name][is_text] for batch, is_text in zip(batches, texts, strict=True)])
        for name in ("input_ids", "labels")
    )
    return _packed(ids, labels, lengths[lengths > 0])


def boundaries_of(batch: Mapping[str, Any]) -> torch.Tensor:
    """Where the rows of a packed batch begin and the last one ends, shape (rows + 1,)."""
    boundaries: torch.Tensor = batch[_BOUNDARIES[0]]
    return boundaries


def lengths_of_packed(batch: Batch) -> LengthTable:
    """The lengths of the rows of a packed batch, shape (rows, 1)."""
    lengths: LengthTable = boundaries_of(batch).diff().long().cpu().numpy()[:, None]
    return lengths


def take_rows(batch: Batch, rows: Range) -> Batch:
    """Some of the rows of a packed batch, as a packed batch."""
    boundaries = boundaries_of(batch)[rows[0] : rows[1] + 1]
    start, stop = int(boundaries[0]), int(boundaries[-1])
    return _packed(
        batch["input_ids"][0, start:stop], batch["labels"][0, start:stop], boundaries.diff().long()
    )


def boundaries_between(lengths: torch.Tensor) -> torch.Tensor:
    """Where rows of these lengths begin in a packed sequence and the last one ends, shape
    (rows + 1,)."""
    return functional.pad(lengths.cumsum(0), (1, 0))


def attention_arguments(boundaries: torch.Tensor, longest: int) -> dict[str, Any]:
    """What attention of variable length takes for rows of at most ``longest`` tokens, by the names
    that transformers uses."""
    return {**dict.fromkeys(_BOUNDARIES, boundaries.int()), **dict.fromkeys(_LONGEST, longest)}


def _packed(ids: torch.Tensor, labels: torch.Tensor, lengths: torch.Tensor) -> Batch:
    boundaries = boundaries_between(lengths)
    starts = boundaries[:-1].repeat_interleave(lengths)
    return {
        "input_ids": ids[None],
        "labels": labels.index_fill(0, boundaries[:-1], IGNORED_LABEL)[None],
        "position_ids": (torch.arange(len(ids), device=ids.device) - starts)[None],
        **attention_arguments(boundaries, int(lengths.max())),
    }
