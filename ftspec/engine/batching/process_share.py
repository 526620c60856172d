"""Which rows of a step each of several processes computes."""

from __future__ import annotations

from dataclasses import dataclass

from ftspec.engine.batching.split_by_length import (
    Costs,
    LengthTable,
    order_by_length,
    share_by_cost,
)


@dataclass(frozen=True, kw_only=True)
class ProcessShare:
    """The share of one process, balanced by cost.

    Every process must be given the same values except ``process``. Then no row is computed twice.
    Where there are fewer rows than processes, some have none.
    """

    process: int
    world_size: int
    costs: Costs

    def own(self, lengths: LengthTable) -> list[int]:
        """The rows of this process, from short to long, in a step whose rows have these lengths."""
        order = order_by_length(lengths)
        start, stop = share_by_cost(lengths[order], self.world_size, self.costs)[self.process]
        return order[start:stop]
