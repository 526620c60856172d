"""Whether the model of a run is split over the processes, as the spec asks.

transformers goes on without a word where it is not: on a CPU every process trains the whole model.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ftspec.engine.trainer.trainer import StepTrainer
from ftspec.errors import RunError
from ftspec.planning.plan import Plan
from ftspec.planning.sharding import settings_of, sharders_of

_FIRST_OF_ALL_PARAMETERS = 3
"""The stage of ZeRO that splits the parameters too, and not only their optimizer."""


def require_sharding(plan: Plan, processes: int) -> None:
    """Refuse what cannot shard here, before any row is prepared.

    Raises:
        RunError: FSDP has one process, or no accelerator.
    """
    if "fsdp" not in sharders_of(plan):
        return
    if processes == 1:
        raise RunError(
            '"fsdp" splits the model over processes, and this run has one',
            slug="not-sharded",
            at=("training", "fsdp"),
            helps=(
                "start one process for each GPU: torchrun --nproc-per-node=2 -m ftspec run SPEC",
                'or remove "fsdp"',
            ),
        )
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
                is_sharded = _has_stage(wrapped, _stage_of(self._plan))
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


def _stage_of(plan: Plan) -> int:
    """The stage of ZeRO that the configuration asks for."""
    zero = settings_of(plan, "deepspeed").get("zero_optimization")
    stage = zero.get("stage", 0) if isinstance(zero, dict) else 0
    return stage if isinstance(stage, int) else 0


def _has_stage(engine: Any, stage: int) -> bool:
    """Whether DeepSpeed runs the model, with this stage of ZeRO."""
    if not hasattr(engine, "zero_optimization_stage"):
        return False
    is_split_too = stage < _FIRST_OF_ALL_PARAMETERS or all(
        hasattr(parameter, "ds_tensor") for parameter in engine.module.parameters()
    )
    return engine.zero_optimization_stage() == stage and is_split_too
