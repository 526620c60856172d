"""How the loss of a step is put together: the mean over the step's items.

transformers weights the micro-batches of a step by their items only for models that take
``num_items_in_batch``. A classification head accepts that argument and ignores it, so that with
accumulation its loss and gradient are too large by the number of micro-batches. Here the task
counts the items of each micro-batch, the model gives its own mean, and the step sums
``mean * items / items of the step``. This holds for every model, accumulation and world size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch

from ftspec.engine.batching.micro_batches import rows_of
from ftspec.engine.batching.packed_sequence import Batch

Count = torch.Tensor | int


@dataclass(frozen=True)
class MeanLoss:
    """Weights the mean losses of micro-batches. ``count`` gives the items of a batch that its loss
    is the mean of."""

    count: Callable[[Batch], Count]

    def count_all(self, batches: Iterable[Batch], device: torch.device) -> torch.Tensor:
        """The items of all these batches, on the device."""
        counts = [torch.as_tensor(self.count(batch), device=device) for batch in batches]
        return torch.stack(counts).sum() if counts else torch.zeros((), device=device).long()

    def count_by_device(self, batch: Batch, devices: int) -> list[Count]:
        """The items of the rows that each device gets of a batch, where one process feeds
        several."""
        if devices < 2:
            return [self.count(batch)]
        rows = rows_of(batch)
        size = -(-rows // devices)
        return [
            self.count({name: value[start : start + size] for name, value in batch.items()})
            for start in range(0, rows, size)
        ]

    def over_devices(self, loss: torch.Tensor, counts: Sequence[Count]) -> torch.Tensor:
        """The mean over all items, of the means of several devices, shape (devices,)."""
        if len(counts) < 2 or loss.ndim == 0:
            return loss
        items = torch.stack([torch.as_tensor(count, device=loss.device) for count in counts])
        # the mean of no items is not a number
        return torch.where(items > 0, loss * items, 0.0).sum() / items.sum()

    def share_of_step(
        self, mean: torch.Tensor, items: Count, items_of_step: Count, world_size: int
    ) -> torch.Tensor:
        """What a micro-batch adds to the mean loss of its step.

        Processes average their gradients, so that each share is multiplied by their number.
        """
        items = torch.as_tensor(items, device=mean.device)
        share = mean * items / items_of_step * world_size
        # the mean of no items, as of an empty text, is not a number
        return torch.where(items > 0, share, torch.zeros_like(mean))
