"""The place of this process in a run, from the variables of the launcher. Imports without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ftspec.engine.processes.wrong_start import wrong_start
from ftspec.errors import UsageError


@dataclass(frozen=True)
class Launch:
    """The place of this process among those of its run.

    Attributes:
        rank: its number among all processes, from 0.
        world_size: how many processes there are.
        local_rank: its number on its machine, from 0. The ranks on a machine are consecutive.
    """

    rank: int = 0
    world_size: int = 1
    local_rank: int = 0

    @property
    def machine(self) -> int:
        """The rank of the first process on its machine, which identifies the machine."""
        return self.rank - self.local_rank

    @property
    def is_alone(self) -> bool:
        """Whether it is the only process."""
        return self.world_size == 1

    @property
    def is_first(self) -> bool:
        """Whether it is the process that prints and writes for all."""
        return self.rank == 0

    @property
    def is_first_on_machine(self) -> bool:
        """Whether it does the work that is done once per machine."""
        return self.local_rank == 0


def read_launch(environment: Mapping[str, str]) -> Launch:
    """The launch that torchrun, ``accelerate launch`` or another launcher describes in variables.
    Without a rank a process is alone. Without local ranks each process counts as a machine.

    Raises:
        UsageError: a variable has no valid value, or several processes were started that do not
            know of each other.
    """
    wrong = wrong_start(environment)
    if wrong is not None:
        raise UsageError(wrong)
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
        raise UsageError(f'the environment has {name}="{written}", which is not a number')
    return int(written)
