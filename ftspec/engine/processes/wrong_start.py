"""Processes that were meant to be one run, and do not know of each other.

A launcher that starts programs, such as srun or mpirun, does not tell torch of their ranks. Each of
the processes would be a whole run, and all of them would seem to succeed.
"""

from __future__ import annotations

from collections.abc import Mapping

_STARTERS = {
    "SLURM_STEP_NUM_TASKS": "srun",
    "OMPI_COMM_WORLD_SIZE": "mpirun",
    "MV2_COMM_WORLD_SIZE": "mpirun",
    "PMI_SIZE": "mpirun",
}
"""The variables in which a starter says how many processes it started."""


def wrong_start(environment: Mapping[str, str]) -> str | None:
    """Why the processes of this start are not one run, and what to write; ``None`` if they are."""
    starter, started = _started(environment)
    size = _number(environment, "WORLD_SIZE") if environment.get("RANK") else None
    agents = _number(environment, "GROUP_WORLD_SIZE") if size is not None else None
    if started > 1 and size is None:
        return (
            f"{starter} started {started} processes that do not know of each other, and each would "
            f"be a run of its own; start torchrun with it on each machine, or one process: "
            f"{_remedy(starter)}"
        )
    if started > 1 and agents == 1 and size != started and _is_first_attempt(environment):
        return (
            f"{starter} started {started} launchers that do not know of each other, and each would "
            f"be a run of its own; give torchrun the number of machines and where they meet: "
            f"--nnodes={started} --rdzv-backend=c10d --rdzv-endpoint=HOST:29500"
        )
    if size is None and _is_single_of_accelerate(environment):
        return (
            "accelerate launch was asked for several processes and started one: on CPUs it starts "
            "more only with MPI; use torchrun --nproc-per-node=2 -m ftspec run SPEC"
        )
    return None


def _started(environment: Mapping[str, str]) -> tuple[str, int]:
    """The program that started this process and others, and how many. Inside a batch script of
    Slurm there is one process, whatever ``SLURM_NTASKS`` says."""
    for name, starter in _STARTERS.items():
        count = _number(environment, name)
        if count is not None:
            return starter, count
    return "", 1


def _remedy(starter: str) -> str:
    if starter == "srun":
        return "srun --ntasks-per-node=1 torchrun … -m ftspec run SPEC, or srun --ntasks=1"
    return "torchrun --nproc-per-node=2 -m ftspec run SPEC"


def _is_first_attempt(environment: Mapping[str, str]) -> bool:
    """Whether torchrun has not restarted: an elastic group may have lost a machine since."""
    return environment.get("TORCHELASTIC_RESTART_COUNT", "0") == "0"


def _is_single_of_accelerate(environment: Mapping[str, str]) -> bool:
    """``accelerate launch`` sets where processes meet, for several only, and no rank."""
    names = ("ACCELERATE_MIXED_PRECISION", "MASTER_ADDR", "MASTER_PORT")
    return all(environment.get(name) for name in names)


def _number(environment: Mapping[str, str], name: str) -> int | None:
    written = environment.get(name, "")
    return int(written) if written.isdecimal() else None
