"""Batches without padding: rows one after the other in a single line.

Attention must be told where rows begin. Positions that begin anew say it to every implementation of
transformers; those of variable length also take the edges between rows, and need not look for them
in each layer then.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch.nn import functional

from ftspec.engine.batching.split_by_length import LengthTable, Range

Batch = dict[str, Any]

PADDED = frozenset({"input_ids", "attention_mask", "labels"})
"""What a padded batch holds that can be flattened, neither more nor less."""

_EDGES, _LONGEST = ("cu_seq_lens_q", "cu_seq_lens_k"), ("max_length_q", "max_length_k")
_IGNORED = -100  # label of what no loss counts


def is_flat(batch: Mapping[str, Any]) -> bool:
    """Whether the rows of a batch lie in one line."""
    return _EDGES[0] in batch


def flatten(*batches: Batch, filling: int = 0) -> Batch:
    """Padded batches of a causal language model, ids and labels of shape (rows, longest), as one
    line of shape (1, tokens).

    The first token of a row is no label: the last one of the row before would predict it. Behind
    the last row are ``filling`` tokens, which no token and no loss sees.
    """
    texts = [batch["attention_mask"].bool() for batch in batches]
    lengths = torch.cat([is_text.sum(dim=1) for is_text in texts])
    ids, labels = (
        torch.cat([batch[name][is_text] for batch, is_text in zip(batches, texts, strict=True)])
        for name in ("input_ids", "labels")
    )
    return _line(ids, labels, lengths[lengths > 0], filling)


def edges_of(batch: Mapping[str, Any]) -> torch.Tensor:
    """Where the rows of a flat batch begin and the last ends, shape (rows + 1,)."""
    edges: torch.Tensor = batch[_EDGES[0]]
    return edges


def lengths_of_flat(batch: Batch) -> LengthTable:
    """The lengths of the rows of a flat batch, shape (rows, 1)."""
    lengths: LengthTable = edges_of(batch).diff().long().cpu().numpy()[:, None]
    return lengths


def take_rows(batch: Batch, rows: Range) -> Batch:
    """Some of the rows of a flat batch, as a flat batch."""
    edges = edges_of(batch)[rows[0] : rows[1] + 1]
    start, stop = int(edges[0]), int(edges[-1])
    return _line(
        batch["input_ids"][0, start:stop], batch["labels"][0, start:stop], edges.diff().long()
    )


def text_of(batch: Batch) -> Batch:
    """A batch without what fills it up, if it is flat."""
    return take_rows(batch, (0, len(edges_of(batch)) - 1)) if is_flat(batch) else batch


def edges_between(lengths: torch.Tensor) -> torch.Tensor:
    """Where rows of these lengths begin in a line, and the last ends, shape (rows + 1,)."""
    return functional.pad(lengths.cumsum(0), (1, 0))


def told_to_attention(edges: torch.Tensor, longest: int) -> dict[str, Any]:
    """What attention of variable length must know of a line of rows that have ``longest`` tokens at
    most, by the names that transformers gives it."""
    return {**dict.fromkeys(_EDGES, edges.int()), **dict.fromkeys(_LONGEST, longest)}


def _line(
    ids: torch.Tensor, labels: torch.Tensor, lengths: torch.Tensor, filling: int = 0
) -> Batch:
    edges = edges_between(lengths)
    labels = labels.index_fill(0, edges[:-1], _IGNORED)
    starts = edges[:-1].repeat_interleave(lengths)
    positions = torch.arange(len(ids), device=ids.device) - starts
    fill = partial(functional.pad, pad=(0, filling))
    return {
        "input_ids": fill(ids)[None],
        "labels": fill(labels, value=_IGNORED)[None],
        "position_ids": fill(positions)[None],
        **told_to_attention(edges, int(lengths.max())),
    }
