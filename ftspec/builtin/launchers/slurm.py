"""Slurm: a batch script, which a user reads and submits."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator

from ftspec.api import Launcher, LauncherContext, RunError
from ftspec.builtin.launchers.config import SlurmConfig
from ftspec.builtin.launchers.torchrun import SECONDS_TO_JOIN, torchrun_options

_REQUEUE = 75
"""The exit code of a run that SIGUSR1 stopped, and that starts again."""

_MEET = """\
# where the machines meet
host=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
port=$((20000 + SLURM_JOB_ID % 10000))
"""

_END = """\
code=$?

# stopped before the time limit, or killed: queue the job again, and the run goes on
if [ "$code" -eq {requeue} ] || {{ [ "$code" -gt 130 ] && [ "${{SLURM_RESTART_COUNT:-0}}" -lt \
{restarts} ]; }}; then
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
"""


class Slurm(Launcher):
    """The script has all that makes a run survive: Slurm queues the job again when a machine is
    lost or another job comes first, SIGUSR1 asks for a checkpoint before the time is up, and the
    next start of the job resumes the run."""

    def __init__(self, config: SlurmConfig, context: LauncherContext) -> None:
        self._config = config
        self._context = context

    def render(self) -> str:
        """The script for sbatch."""
        return "\n".join(("#!/bin/bash", *self._directives(), "", *self._body()))

    def submit(self) -> None:
        """Refuse: only a user knows the cluster.

        Raises:
            RunError: always.
        """
        raise RunError(
            "ftspec prints the script for Slurm, and does not submit it",
            slug="cannot-launch",
            at=self._context.section,
            helps=("add --print > job.sh, read the script, then: sbatch job.sh",),
        )

    def wait(self) -> int:
        """Nothing was started."""
        return 0

    def stop(self, number: int) -> None:
        """Nothing was started."""

    def _directives(self) -> Iterator[str]:
        config = self._config
        yield f"#SBATCH --job-name={self._context.name}"
        yield f"#SBATCH --nodes={config.nodes}"
        yield "#SBATCH --ntasks-per-node=1"
        if config.time is not None:
            yield f"#SBATCH --time={config.time}"
        yield f"#SBATCH --signal=USR1@{config.stop_seconds}"
        yield "#SBATCH --requeue"
        yield "#SBATCH --open-mode=append"
        yield "#SBATCH --output=%x-%j.out"
        for option in config.options:
            yield f"#SBATCH {option}"

    def _body(self) -> Iterator[str]:
        config = self._config
        yield from config.setup
        if config.setup:
            yield ""
        yield _MEET
        command = [
            *("srun", "--kill-on-bad-exit=1", sys.executable, "-m", "ftspec.torchrun"),
            f"--nnodes={config.nodes}",
            *("--rdzv-backend=c10d", "--rdzv-endpoint=HOST", "--rdzv-id=JOB"),
            f"--rdzv-conf=join_timeout={SECONDS_TO_JOIN}",
            *torchrun_options(config.processes, config.restarts),
            *("-m", *self._context.arguments),
            *(() if "--resume" in self._context.arguments else ("--resume", "auto")),
        ]
        text = shlex.join(command)
        text = text.replace("--rdzv-endpoint=HOST", '--rdzv-endpoint="$host:$port"', 1)
        yield text.replace("--rdzv-id=JOB", '--rdzv-id="$SLURM_JOB_ID"', 1)
        yield _END.format(requeue=_REQUEUE, restarts=config.restarts)
