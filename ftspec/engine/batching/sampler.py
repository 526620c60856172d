"""Which rows of each step a process computes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from torch.utils.data import Sampler

from ftspec.engine.batching.cuts import LengthTable, order_by_length, share


class StepSampler(Sampler[list[int]]):
    """The rows of a process for each step, from a sampler that all processes see alike.

    A step takes the next ``rows_of_step`` rows as the sampler gives them, the last step what is
    left. Of several processes each takes a share of the step, balanced by what it costs to compute;
    none computes a row that another does, and where there are fewer rows than processes, some have
    none.

    Attributes:
        sampler: read anew for each epoch; accelerate puts its own in place of it.
        batch_size: not one number.
    """

    drop_last = False
    batch_size = None

    def __init__(
        self,
        sampler: Sampler[int],
        rows: int,
        rows_of_step: int,
        *,
        process: int = 0,
        processes: int = 1,
        lengths: LengthTable | None = None,
        cost_per_cut: float = 0,
        max_tokens: int | None = None,
        pads: bool = True,
    ) -> None:
        self.sampler = sampler
        self._rows = rows
        self._rows_of_step = rows_of_step
        self._process = process
        self._processes = processes
        self._lengths = lengths
        self._cost_per_cut = cost_per_cut
        self._max_tokens = max_tokens
        self._pads = pads

    def __len__(self) -> int:
        return -(-self._rows // self._rows_of_step)

    def __iter__(self) -> Iterator[list[int]]:
        remaining = islice(self.sampler, self._rows)
        while rows := list(islice(remaining, self._rows_of_step)):
            yield self._own(rows)

    def _own(self, rows: list[int]) -> list[int]:
        if self._processes == 1 or self._lengths is None:
            return rows
        lengths = self._lengths[rows]
        order = order_by_length(lengths)
        shares = share(
            lengths[order],
            self._processes,
            self._cost_per_cut,
            self._max_tokens,
            pads=self._pads,
        )
        start, stop = shares[self._process]
        return [rows[row] for row in order[start:stop]]
