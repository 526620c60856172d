"""Processes that do not know of each other are refused, and others are not."""

from __future__ import annotations

import pytest

from ftspec.engine.processes.launch import read_launch
from ftspec.errors import UsageError

RANK = {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "0"}
TORCHRUN = RANK | {"GROUP_WORLD_SIZE": "1", "TORCHELASTIC_RESTART_COUNT": "0"}
ACCELERATE = {"ACCELERATE_MIXED_PRECISION": "no", "MASTER_ADDR": "127.0.0.1"}


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"SLURM_STEP_NUM_TASKS": "2"}, "srun started 2 processes that do not know of each other"),
        ({"OMPI_COMM_WORLD_SIZE": "4"}, "mpirun started 4 processes"),
        ({"PMI_SIZE": "2"}, "mpirun started 2 processes"),
        (
            TORCHRUN | {"SLURM_STEP_NUM_TASKS": "4"},
            r"srun started 4 launchers .* --nnodes=4 --rdzv-backend=c10d",
        ),
        (ACCELERATE | {"MASTER_PORT": "29500"}, "was asked for several processes and started one"),
    ],
)
def test_wrong_starts(environment: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_launch(environment)


@pytest.mark.parametrize(
    ("environment", "world_size"),
    [
        ({"SLURM_NTASKS": "8", "SLURM_JOB_ID": "7"}, 1),  # a batch script
        ({"SLURM_STEP_NUM_TASKS": "1", "SLURM_NTASKS": "8"}, 1),
        (RANK | {"SLURM_STEP_NUM_TASKS": "2"}, 2),  # a script that gives srun's ranks to torch
        (TORCHRUN | {"GROUP_WORLD_SIZE": "2", "SLURM_STEP_NUM_TASKS": "2"}, 2),
        (TORCHRUN | {"SLURM_STEP_NUM_TASKS": "1"}, 2),
        (
            TORCHRUN | {"SLURM_STEP_NUM_TASKS": "3", "TORCHELASTIC_RESTART_COUNT": "1"},
            2,
        ),  # elastic: machines were lost
        (ACCELERATE | {"MASTER_PORT": "29500", **RANK}, 2),
        (ACCELERATE, 1),
        ({"MASTER_ADDR": "a", "MASTER_PORT": "1"}, 1),
    ],
)
def test_right_starts(environment: dict[str, str], world_size: int) -> None:
    assert read_launch(environment).world_size == world_size
