"""Tokens of several texts in one flat row or batch: names such as ``anchor_input_ids``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

FIELDS = ("anchor", "positive", "negative")
"""The text fields, in the order that losses expect."""

SCORE = "score"


def split(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The output of the tokenizer for each field."""
    parts = {field: _of(field, values) for field in FIELDS}
    return {field: part for field, part in parts.items() if part}


def _of(field: str, values: Mapping[str, Any]) -> dict[str, Any]:
    prefix = f"{field}_"
    return {
        name.removeprefix(prefix): value
        for name, value in values.items()
        if name.startswith(prefix)
    }


def join(field: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of :func:`split`, for one field."""
    return {f"{field}_{name}": value for name, value in values.items()}


def padding_collator(
    tokenizer: PreTrainedTokenizerBase,
) -> Callable[[Sequence[Mapping[str, Any]]], dict[str, torch.Tensor]]:
    """A collator that pads each field of a batch separately, to its longest text."""

    def collate(rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        batch: dict[str, torch.Tensor] = {}
        for field, part in split(rows[0]).items():
            texts = {name: [row[f"{field}_{name}"] for row in rows] for name in part}
            batch |= join(field, tokenizer.pad(texts, return_tensors="pt"))
        if SCORE in rows[0]:
            batch[SCORE] = torch.tensor([row[SCORE] for row in rows], dtype=torch.float32)
        return batch

    return collate
