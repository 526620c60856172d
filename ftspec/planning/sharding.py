"""What a plan asks for that splits a model over processes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from ftspec.planning.plan import Plan
from ftspec.planning.settings_files import UnreadableSettingsError, read_settings
from ftspec.spec.training_shapes import is_json_text

Sharder = Literal["fsdp", "deepspeed"]

ZERO = "zero_optimization"
STAGES = (1, 2, 3)
"""The stages of ZeRO that split something: the optimizer, the gradients too, the parameters too."""
FIRST_OF_ALL_PARAMETERS = 3
WHOLE_WEIGHTS = "stage3_gather_16bit_weights_on_model_save"


def sharders_of(plan: Plan) -> tuple[Sharder, ...]:
    """What splits the model, in the order of the arguments: usually nothing or one."""
    names: tuple[Sharder, ...] = ("fsdp", "deepspeed")
    return tuple(name for name in names if plan.training.get(name))


def settings_of(plan: Plan, name: str) -> Mapping[str, Any]:
    """The mapping of ``fsdp_config`` or ``deepspeed``, also from a file; empty where there is none
    or it cannot be read, which another check reports."""
    written = plan.training.get(name)
    if isinstance(written, str):
        try:
            is_text = is_json_text(written)
            written = json.loads(written) if is_text else read_settings(Path(written))
        except (OSError, ValueError, RecursionError, UnreadableSettingsError):
            return {}
    return written if isinstance(written, Mapping) else {}


def stage_of(plan: Plan) -> int:
    """The stage of ZeRO that the configuration of DeepSpeed asks for; 0 splits nothing."""
    stage = _zero_of(plan).get("stage", 0)
    return stage if isinstance(stage, int) else 0


def is_offloaded(plan: Plan) -> bool:
    """Whether ZeRO moves something to the CPU or to a disk, which helps one process too."""
    zero = _zero_of(plan)
    parts = (zero.get("offload_optimizer"), zero.get("offload_param"))
    return any(isinstance(one, Mapping) and one.get("device") in ("cpu", "nvme") for one in parts)


def arguments_that_save(plan: Plan) -> Mapping[str, Any]:
    """The argument ``deepspeed`` where it must say that whole weights are saved. At stage 3,
    DeepSpeed saves none by default, and transformers only logs that."""
    if stage_of(plan) != FIRST_OF_ALL_PARAMETERS:
        return {}
    zero = {**_zero_of(plan), WHOLE_WEIGHTS: True}
    return {"deepspeed": {**settings_of(plan, "deepspeed"), ZERO: zero}}


def _zero_of(plan: Plan) -> Mapping[str, Any]:
    zero = settings_of(plan, "deepspeed").get(ZERO)
    return zero if isinstance(zero, Mapping) else {}
