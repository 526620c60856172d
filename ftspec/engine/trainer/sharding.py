"""Whether the model of a run is split over the processes, as the spec asks.

transformers goes on without a word where it is not: on a CPU every process trains the whole model.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ftspec.engine.trainer.deepspeed import require_deepspeed
from ftspec.engine.trainer.trainer import StepTrainer
from ftspec.errors import RunError
from ftspec.planning.plan import Plan
from ftspec.planning.sharding import (
    FIRST_OF_ALL_PARAMETERS,
    STAGES,
    is_offloaded,
    sharders_of,
    stage_of,
)


def require_sharding(plan: Plan, processes: int) -> None:
    """Refuse what cannot shard here, before any row is prepared.

    Raises:
        RunError: there is one process, FSDP has no accelerator, or DeepSpeed refuses its
            configuration.
    """
    for sharder in sharders_of(plan):
        if processes == 1 and not (sharder == "deepspeed" and is_offloaded(plan)):
            raise RunError(
                f'"{sharder}" splits the model over processes, and this run has one',
                slug="not-sharded",
                at=("training", sharder),
                helps=(
                    "start one process for each GPU: ftspec run SPEC --processes gpu",
                    f'or remove "{sharder}"',
                ),
            )
        if sharder == "deepspeed":
            require_deepspeed(plan, processes)
        else:
            _require_accelerator()


def _require_accelerator() -> None:
    if not torch.accelerator.is_available():
        raise RunError(
            '"fsdp" shards nothing on a CPU, and this machine has no accelerator',
            slug="not-sharded",
            at=("training", "fsdp"),
            helps=('remove "fsdp": each process then trains the whole model',),
        )


def wrapper_of(trainer: StepTrainer) -> str | None:
    """What the Trainer wraps the model in: ``fsdp``, ``deepspeed``, ``ddp`` or nothing."""
    if trainer.is_fsdp_enabled:
        return "fsdp"
    if trainer.is_deepspeed_enabled:
        return "deepspeed"
    return "ddp" if trainer.accelerator.num_processes > 1 else None


class ShardingCheck(TrainerCallback):
    """Looks at the wrapped model before the first step."""

    def __init__(self, plan: Plan, trainer: StepTrainer) -> None:
        self._plan = plan
        self._trainer = trainer

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Compare the model with the spec.

        Raises:
            RunError: it is not sharded.
        """
        for sharder in sharders_of(self._plan):
            wrapped: Any = self._trainer.model_wrapped
            if sharder == "fsdp":
                is_sharded = is_split(wrapped)
            else:
                is_sharded = _has_stage(wrapped, stage_of(self._plan), args.world_size)
            if not is_sharded:
                raise RunError(
                    f'"{sharder}" was asked for, and the model is not sharded: it is a '
                    f"{type(wrapped).__name__} on {args.device}",
                    slug="not-sharded",
                    at=("training", sharder),
                    helps=(f'remove "{sharder}", or start as many processes as there are GPUs',),
                )


def is_split(model: nn.Module) -> bool:
    """Whether this process holds a part of the parameters only."""
    # few runs need them, and they take long to import
    from torch.distributed.fsdp import FullyShardedDataParallel, ShardingStrategy
    from torch.distributed.tensor import DTensor

    whole, held = 0, 0
    for parameter in model.parameters():
        whole += parameter.numel()
        local = parameter.to_local() if isinstance(parameter, DTensor) else parameter
        held += local.numel()
    strategies = {
        module.sharding_strategy
        for module in model.modules()
        if isinstance(module, FullyShardedDataParallel)
    }
    return held < whole or bool(strategies - {ShardingStrategy.NO_SHARD})


def _has_stage(engine: Any, stage: int, processes: int) -> bool:
    """Whether DeepSpeed runs the model with this stage of ZeRO, and this process holds a part of
    what the stage splits. One process holds all, and may offload it."""
    if not hasattr(engine, "zero_optimization_stage"):
        return False
    if stage not in STAGES or engine.zero_optimization_stage() != stage:
        return False
    parameters = list(engine.module.parameters())
    if stage < FIRST_OF_ALL_PARAMETERS:
        whole = sum(one.numel() for one in parameters if one.requires_grad)
        groups = engine.optimizer.param_groups
        held = sum(one.numel() for group in groups for one in group["params"])
    elif not all(hasattr(one, "ds_tensor") for one in parameters):
        return False
    else:
        whole = sum(one.ds_numel for one in parameters)
        held = sum(one.ds_tensor.numel() for one in parameters)
    return held < whole or processes == 1
