"""The rows of a step that the spec sets for all processes together, and how they are divided."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from ftspec.errors import RunError
from ftspec.planning.plan import Plan
from ftspec.spec.training import GLOBAL_BATCH_SIZE

_LIMIT = "per_device_train_batch_size"


@dataclass(frozen=True, kw_only=True)
class GlobalBatch:
    """Rows of a step, divided among processes, then into batches that a process accumulates.

    Attributes:
        rows: of a step.
        processes: that share them.
        devices: of each process. More than one where ``DataParallel`` feeds them.
        most_rows: that a device computes at once; ``None`` without a limit.
    """

    rows: int
    processes: int
    devices: int = 1
    most_rows: int | None = None

    @property
    def is_even(self) -> bool:
        """Whether all processes have as many rows."""
        return self.rows % self.processes == 0

    @property
    def share(self) -> int:
        """Rows of a step in one process, at most."""
        return math.ceil(self.rows / self.processes)

    @property
    def rows_at_once(self) -> int:
        """Rows that all devices of a process compute at once, at most."""
        if self.most_rows is None:
            return self.share
        return min(self.share, self.most_rows * self.devices)

    @property
    def rows_of_batch(self) -> int:
        """Rows of a batch in one process: as many as the limit allows, so that all batches of a
        share have one size. Where shares are not even, a step is split by its tokens only."""
        if not self.is_even:
            return self.share
        return next(size for size in range(self.rows_at_once, 0, -1) if self.share % size == 0)

    @property
    def accumulation(self) -> int:
        """Batches that a process accumulates."""
        return self.share // self.rows_of_batch

    @property
    def arguments(self) -> dict[str, int]:
        """What ``TrainingArguments`` hold."""
        return {
            _LIMIT: math.ceil(self.rows_of_batch / self.devices),
            "gradient_accumulation_steps": self.accumulation,
        }

    def require_even(self) -> None:
        """Make sure that batches of one size can be drawn.

        Raises:
            RunError: the processes have different numbers of rows.
        """
        if self.is_even:
            return
        below = self.rows - self.rows % self.processes
        raise RunError(
            f"a step of {self.rows:,} rows cannot be divided among {self.processes} processes, "
            "because batches are padded or grouped",
            slug="uneven-batches",
            at=("training", GLOBAL_BATCH_SIZE),
            helps=(f"write {below} or {below + self.processes}", "or start as many as divide it"),
        )

    def __str__(self) -> str:
        processes = f"{self.processes} processes" if self.processes > 1 else "one process"
        if not self.is_even:
            return f"a step has {self.rows:,} rows, shared by {processes}"
        times = f" x {self.accumulation} accumulated" if self.accumulation > 1 else ""
        return f"{processes}: a step has {self.rows:,} rows, {self.processes} x " + (
            f"{self.rows_of_batch}{times}"
        )


def global_batch(plan: Plan, processes: int) -> GlobalBatch | None:
    """The batch that the spec sets for all processes; ``None`` where it sets that of a device.

    Raises:
        RunError: there are more processes than rows.
    """
    rows = plan.training.get(GLOBAL_BATCH_SIZE)
    if rows is None:
        return None
    if rows < processes:
        raise RunError(
            f"a step has fewer rows than there are processes: {rows} and {processes}",
            slug="uneven-batches",
            at=("training", GLOBAL_BATCH_SIZE),
            helps=("start fewer processes, or write a larger one",),
        )
    return GlobalBatch(
        rows=rows,
        processes=processes,
        devices=1 if processes > 1 else _devices(plan),
        most_rows=plan.training.get(_LIMIT),
    )


def _devices(plan: Plan) -> int:
    """Those that the Trainer feeds from one process."""
    if plan.training.get("use_cpu", False):
        return 1
    return max(1, torch.cuda.device_count())
