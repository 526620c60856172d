"""Which process of a run this is, as its launcher says. Imports without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ftspec.errors import UsageError


@dataclass(frozen=True)
class Launch:
    """The place of this process among those of its run.

    Attributes:
        rank: its number among all, from 0.
        world_size: how many there are.
        local_rank: its number among those on its machine, whose ranks follow each other.
    """

    rank: int = 0
    world_size: int = 1
    local_rank: int = 0

    @property
    def machine(self) -> int:
        """The rank of the first process on its machine, which tells machines apart."""
        return self.rank - self.local_rank

    @property
    def is_alone(self) -> bool:
        """Whether it is the only one."""
        return self.world_size == 1

    @property
    def is_first(self) -> bool:
        """Whether it is the one that speaks and writes for all."""
        return self.rank == 0

    @property
    def is_first_on_machine(self) -> bool:
        """Whether it does what is done once for a machine."""
        return self.local_rank == 0


def read_launch(environment: Mapping[str, str]) -> Launch:
    """What torchrun, ``accelerate launch`` and their like have set; without a rank a process is
    alone. Where the launcher gives no local rank, each process is taken for a machine.

    Raises:
        UsageError: what is set makes no sense.
    """
    rank, world_size = _number(environment, "RANK"), _number(environment, "WORLD_SIZE")
    if rank is None or world_size is None or world_size == 1:
        return Launch()
    if rank >= world_size:
        raise UsageError(
            f'the environment has RANK="{rank}" of WORLD_SIZE="{world_size}" processes'
        )
    local_rank = _number(environment, "LOCAL_RANK")
    return Launch(rank, world_size, local_rank or 0)


def _number(environment: Mapping[str, str], name: str) -> int | None:
    written = environment.get(name, "")
    if not written:
        return None
    if not written.isdecimal():
        raise UsageError(f'the environment has {name}="{written}", which is no number')
    return int(written)
