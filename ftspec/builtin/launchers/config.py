"""The keys of the built-in launchers."""

from __future__ import annotations

from typing import Annotated

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from ftspec.api import Field, LauncherConfig

OneLine = Annotated[str, Field(pattern=r"^[^\r\n]+$")]


class TorchrunConfig(LauncherConfig):
    """torchrun on this machine, or the same command on each of several machines."""

    nodes: int = Field(
        default=1, ge=1, description="number of machines; start the same command on each"
    )
    rendezvous: Annotated[str, Field(pattern=r"^\S+:[0-9]{1,5}$")] | None = Field(
        default=None,
        description="where several machines meet: the name of one of them and a free port, as in "
        "host1:29500",
    )

    @model_validator(mode="after")
    def _machines_meet(self) -> TorchrunConfig:
        if self.nodes > 1 and self.rendezvous is None:
            raise PydanticCustomError(
                "missing-key",
                'several "nodes" need a "rendezvous"',
                {"help": 'write where they meet, as in "rendezvous: host1:29500"'},
            )
        return self


class SlurmConfig(LauncherConfig):
    """A batch script for Slurm, which starts torchrun on each machine."""

    nodes: int = Field(default=1, ge=1, description="number of machines")
    time: OneLine | None = Field(
        default=None, description='time limit of the job, as in "12:00:00" or "1-00:00:00"'
    )
    stop_seconds: int = Field(
        default=120,
        ge=1,
        le=65535,
        description="seconds before the time limit at which the run saves a checkpoint and the job "
        "is queued again",
    )
    options: list[OneLine] = Field(
        default=[],
        description='more options of sbatch, one in each item, as in "--partition=gpu"',
    )
    setup: list[str] = Field(
        default=[], description="shell commands that the job runs first, as in module load cuda"
    )
