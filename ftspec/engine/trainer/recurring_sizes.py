"""Sizes of micro-batches that come back.

On a CPU products in 16 bits are computed by kernels that oneDNN makes for each size, and it keeps
the last thousand. Hardly two micro-batches have as many tokens, so that making kernels takes up to
a sixth of a step. Filled up to a multiple of a few tokens, they soon have sizes that were there
before.
"""

from __future__ import annotations

from typing import Any

from transformers import Trainer

from ftspec.engine.model.length_limits import position_limit

WIDTH = 8
"""What the width of a padded batch is a multiple of: every row pays."""

LINE = 32
"""What the tokens of a line of rows are a multiple of: they pay once."""


def computes_in_16_bits(trainer: Trainer) -> bool:
    """Whether products are computed in half as many bits as weights have."""
    return bool(trainer.args.bf16 or trainer.args.fp16)


def makes_kernels_by_size(trainer: Trainer) -> bool:
    """Whether sizes that come back are faster."""
    return trainer.args.device.type == "cpu" and computes_in_16_bits(trainer)


def line_multiple(trainer: Trainer) -> int:
    """What the tokens of a line should be a multiple of."""
    return LINE if makes_kernels_by_size(trainer) else 1


def settle_width(trainer: Trainer) -> None:
    """Let batches have widths that come back, where that is faster, the collator pads as those of
    transformers do, and the last width is not beyond the positions of the model."""
    model: Any = trainer.model
    collate: Any = trainer.data_collator
    if (
        makes_kernels_by_size(trainer)
        and getattr(collate, "pad_to_multiple_of", 1) is None
        and (position_limit(model.config) or 0) % WIDTH == 0
    ):
        collate.pad_to_multiple_of = WIDTH
