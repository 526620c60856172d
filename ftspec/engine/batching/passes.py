"""The passes through the model that a process makes in a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ftspec.engine.batching.micro_batches import rows_of, split_rows, tokens_of
from ftspec.engine.batching.packed_sequence import Batch


@dataclass(frozen=True)
class Pass:
    """A micro-batch and the items of the whole step, which give the weight of its own items.

    Attributes:
        is_idle: whether it has no weight, and is only there because other processes wait for it.
    """

    batch: Batch
    items_of_step: torch.Tensor | int | None
    is_idle: bool = False


def idle_pass(batch: Batch) -> Pass:
    """A pass of weight zero: other processes wait for what happens in it."""
    return Pass(batch, torch.tensor(float("inf")), is_idle=True)


def plan_passes(
    batches: Sequence[Batch],
    items: torch.Tensor | int | None,
    least: int,
    spare: Batch | None,
    columns: Sequence[str],
) -> list[Pass]:
    """One pass for each batch, and at least ``least``. Processes that synchronise in every pass
    must make equally many, and each must be there when the last pass synchronises.

    To make more passes, the largest batches are split. Where every row is already alone, a batch
    is computed once more with a weight of zero, or ``spare`` where there is no batch.
    """
    batches = list(batches)
    while 0 < len(batches) < least:
        at = max(
            range(len(batches)),
            key=lambda index: (rows_of(batches[index]) > 1, tokens_of(batches[index], columns)),
        )
        rows = rows_of(batches[at])
        if rows == 1:
            break
        batches[at : at + 1] = split_rows(batches[at], -(-rows // 2))
    passes = [Pass(batch, items) for batch in batches]
    idle = least - len(passes)
    if idle > 0:
        repeated = batches[-1] if batches else spare
        assert repeated is not None
        # first, so that the pass that synchronises last is a batch of this process if it has one
        passes = [idle_pass(repeated)] * idle + passes
    return passes
