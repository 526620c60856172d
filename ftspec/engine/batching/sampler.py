"""The rows of each step, by their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from torch.utils.data import Sampler

from ftspec.engine.batching.sharing import Sharing
from ftspec.engine.batching.split_by_length import LengthTable


class StepSampler(Sampler[list[int]]):
    """The rows of a process for each step, from a sampler that all processes see alike.

    A step takes the next ``rows_of_step`` rows as the sampler gives them, the last step what is
    left; of several processes each takes its share, by the ``lengths`` of all rows.

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
        sharing: Sharing | None = None,
        lengths: LengthTable | None = None,
    ) -> None:
        self.sampler = sampler
        self._rows = rows
        self._rows_of_step = rows_of_step
        self._sharing = sharing
        self._lengths = lengths

    def __len__(self) -> int:
        return -(-self._rows // self._rows_of_step)

    def __iter__(self) -> Iterator[list[int]]:
        remaining = islice(self.sampler, self._rows)
        while rows := list(islice(remaining, self._rows_of_step)):
            yield self._own(rows)

    def _own(self, rows: list[int]) -> list[int]:
        if self._sharing is None or self._lengths is None:
            return rows
        return [rows[row] for row in self._sharing.own(self._lengths[rows])]
