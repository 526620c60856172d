"""The keys of the built-in launchers."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import field_validator, model_validator
from pydantic_core import PydanticCustomError

from ftspec.api import Field, LauncherConfig

_HOST_AND_PORT = r"^[^\s/]+:[0-9]{1,5}$"
_LAST_PORT = 65535
_TIMES_OF_SLURM = (
    r"[0-9]+(:[0-9]{1,2}){0,2}|[0-9]+-[0-9]{1,2}(:[0-9]{1,2}){0,2}|(?i:infinite|unlimited)"
)
"""Minutes, minutes:seconds, hours:minutes:seconds, and days- before hours."""

OneLine = Annotated[str, Field(pattern=r"^[^\r\n]+$")]


class TorchrunConfig(LauncherConfig):
    """torchrun on this machine, or the same command on each of several machines."""

    nodes: int = Field(
        default=1, ge=1, description="number of machines; start the same command on each"
    )
    rendezvous: str | None = Field(
        default=None,
        description="where several machines meet: the name of one of them and a free port, as in "
        "host1:29500",
        json_schema_extra={
            "pattern": _HOST_AND_PORT,
            "patternErrorMessage": "write a host and a port, as in host1:29500",
        },
    )

    @field_validator("rendezvous")
    @classmethod
    def _is_host_and_port(cls, place: str | None) -> str | None:
        if place is None:
            return None
        has_form = re.fullmatch(_HOST_AND_PORT, place) is not None
        if not (has_form and 0 < int(place.rpartition(":")[2]) <= _LAST_PORT):
            raise PydanticCustomError(
                "bad-value",
                '"{place}" is not a host and a port',
                {"place": place, "help": 'write, for example, "host1:29500"'},
            )
        return place

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

    @field_validator("time")
    @classmethod
    def _is_time(cls, time: str | None) -> str | None:
        if time is not None and not re.fullmatch(_TIMES_OF_SLURM, time):
            raise PydanticCustomError(
                "bad-value",
                '"{time}" is not a time of Slurm',
                {"time": time, "help": 'write "12:00:00", or "1-00:00:00" for a day'},
            )
        return time
