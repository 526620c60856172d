"""The passes through the model that a process makes in a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ftspec.engine.batching.micro_batches import Batch, rows_of, split, tokens_of


@dataclass(frozen=True)
class Pass:
    """A micro-batch and the items of the whole step, by which its own are weighed."""

    batch: Batch
    items_of_step: torch.Tensor | int | None


def idle_pass(batch: Batch) -> Pass:
    """A pass that weighs nothing, for the sake of what happens in it."""
    return Pass(batch, torch.tensor(float("inf")))


def plan_passes(
    batches: Sequence[Batch],
    items: torch.Tensor | int | None,
    wanted: int,
    spare: Batch | None,
    columns: Sequence[str],
) -> list[Pass]:
    """One pass for each batch, ``wanted`` at least: processes that synchronise in every pass must
    make equally many, and each must be there when the last one synchronises.

    The largest batches are split to make more; where every row is alone, a batch, or ``spare``
    where there is none, is computed once more with a weight of zero.
    """
    batches = list(batches)
    while 0 < len(batches) < wanted:
        at = max(
            range(len(batches)),
            key=lambda index: (rows_of(batches[index]) > 1, tokens_of(batches[index], columns)),
        )
        rows = rows_of(batches[at])
        if rows == 1:
            break
        batches[at : at + 1] = split(batches[at], -(-rows // 2))
    passes = [Pass(batch, items) for batch in batches]
    idle = wanted - len(passes)
    if idle > 0:
        repeated = batches[-1] if batches else spare
        assert repeated is not None
        # first, so that what synchronises last is a batch of this process where it has one
        passes = [idle_pass(repeated)] * idle + passes
    return passes
