"""Whether the disk has room for what a run will save."""

from __future__ import annotations

from collections.abc import Sized
from contextlib import suppress
from pathlib import Path

from torch import nn

from ftspec.engine.progress.run_log import RunLog
from ftspec.engine.run.accounting.measured_steps import steps_of
from ftspec.engine.run.compile import CompiledRun
from ftspec.errors import RunError
from ftspec.files import free_space
from ftspec.planning.disk_space import NeededSpace, needed_space
from ftspec.quantities import shown_size

_WORTH_A_LINE = 1_000_000_000
"""Bytes. A run that needs less is not asked about."""


def space_of_run(run: CompiledRun) -> NeededSpace:
    """What a compiled run needs. An adapter is saved without the weights below it."""
    arguments = run.trainer.args
    trained, total = _bytes_of(run.model)
    has_end = isinstance(run.trainer.train_dataset, Sized) or arguments.max_steps > 0
    return needed_space(
        total if run.plan.adapter is None else trained,
        trained,
        {name: getattr(value, "value", value) for name, value in vars(arguments).items()},
        steps_of(run) if has_end else None,
    )


def said_of_space(needed: NeededSpace, folder: Path) -> str:
    """The need of a run, and what is free, in one line."""
    free = ""
    with suppress(OSError):
        free = f", of {shown_size(free_space(folder))} that are free"
    return f"disk: {needed}{free}"


def require_space(run: CompiledRun, folder: Path, log: RunLog) -> None:
    """Compare the need of a run with what is free on the disk of its folder. The log gets a
    warning if not everything fits, and a line if much is needed.

    Raises:
        RunError: not even one checkpoint and the model fit.
    """
    needed = space_of_run(run)
    try:
        free = free_space(folder)
    except OSError:  # a disk that does not tell is tried
        return
    if needed.least > free:
        raise RunError(
            f'the disk of "{folder}" has {shown_size(free)} left, and one checkpoint with the '
            f"model needs {shown_size(needed.least)}",
            slug="disk-too-small",
            at=("output", "dir"),
            helps=(
                "choose a folder on another disk: --output-dir DIR",
                "a checkpoint without the state of the optimizer is smaller, and cannot be "
                "resumed: training.save_only_model: true",
            ),
        )
    most = needed.most or needed.least
    if most > free:
        log.warn(
            f'{needed} are more than the {shown_size(free)} that are left on the disk of "{folder}"'
            "; training.save_total_limit keeps fewer"
        )
    elif most > _WORTH_A_LINE:
        log.note(said_of_space(needed, folder))


def _bytes_of(model: nn.Module) -> tuple[int, int]:
    """Bytes of the weights that are trained, and of all."""
    sizes = [(p.requires_grad, p.numel() * p.element_size()) for p in model.parameters()]
    return sum(size for is_trained, size in sizes if is_trained), sum(size for _, size in sizes)
