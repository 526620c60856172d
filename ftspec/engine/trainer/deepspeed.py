"""What DeepSpeed would refuse when training begins, said before any row is prepared."""

from __future__ import annotations

import os
from typing import Any

from pydantic import ValidationError

from ftspec.engine.trainer.global_batch import global_batch
from ftspec.errors import RunError
from ftspec.planning.plan import Plan
from ftspec.planning.sharding import ZERO, settings_of
from ftspec.spec.training import with_defaults

_AT = ("training", "deepspeed")


def require_deepspeed(plan: Plan, processes: int) -> None:
    """Look at what only the processes and DeepSpeed itself can tell.

    Raises:
        RunError: the one process was not launched, ``train_batch_size`` is not what the processes
            compute, or DeepSpeed does not know a setting of ZeRO.
    """
    if processes == 1 and not os.environ.get("RANK"):
        raise RunError(
            '"deepspeed" needs a launcher, also for one process',
            slug="not-sharded",
            at=_AT,
            helps=("start it with: torchrun --nproc-per-node=1 -m ftspec run SPEC",),
        )
    settings = settings_of(plan, "deepspeed")
    _require_rows(plan, processes, settings.get("train_batch_size"))
    zero = settings.get(ZERO)
    if isinstance(zero, dict):
        _require_known(zero)


def _require_rows(plan: Plan, processes: int, written: Any) -> None:
    batch = global_batch(plan, processes)
    arguments = with_defaults(plan.training) | ({} if batch is None else batch.arguments)
    of_process = arguments["per_device_train_batch_size"] * arguments["gradient_accumulation_steps"]
    if not isinstance(written, int) or written == of_process * processes:
        return
    raise RunError(
        f'"train_batch_size" is {written} in "deepspeed", and {processes} processes with '
        f"{of_process} rows each give {of_process * processes}",
        slug="sharding",
        at=_AT,
        helps=('write "train_batch_size: auto"',),
    )


def _require_known(zero: dict[str, Any]) -> None:
    # it takes seconds to import, and few runs need it
    from deepspeed.runtime.zero.config import DeepSpeedZeroConfig

    try:
        DeepSpeedZeroConfig(**{name: value for name, value in zero.items() if value != "auto"})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, (ZERO, *first["loc"])))
        raise RunError(
            f'"{name}" is not what DeepSpeed takes: {first["msg"].lower()}',
            slug="bad-value",
            at=_AT,
            helps=("correct or remove it",),
        ) from error
