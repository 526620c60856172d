"""The differences between two plans, including defaults, and what each difference affects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan
from ftspec.spec.training import GLOBAL_BATCH_SIZE, with_defaults

Effect = Literal["data", "result", "measurement", "speed", "record"]
"""What a difference affects: the prepared data and so the result; only the result; what is
measured; speed; only the records of the run."""

ABSENT = "(not there)"

_SECTIONS: dict[str, Effect] = {
    "data": "data",
    "preprocess": "data",
    "tokenizer": "data",
    "task": "data",
    "model": "result",
    "seed": "result",
    "callbacks": "result",
    "metrics": "measurement",
    "performance": "speed",
    "name": "record",
    "description": "record",
    "output": "record",
    "launcher": "record",
}

_RECORD = ("logging_", "log_", "save_", "hub_", "push_to_hub", "project", "trackio_", "debug")
_SPEED = (
    "dataloader_num_workers",
    "dataloader_persistent_workers",
    "dataloader_pin_memory",
    "dataloader_prefetch_factor",
    "ddp_",
    "eval_accumulation_steps",
    "activation_checkpointing",
    "gradient_checkpointing",
    "per_device_eval_batch_size",
    "skip_memory_metrics",
    "torch_compile",
    "torch_empty_cache_steps",
    "use_cpu",
    "use_liger_kernel",
)
_STEP_BATCH = (GLOBAL_BATCH_SIZE, "per_device_train_batch_size", "gradient_accumulation_steps")


@dataclass(frozen=True)
class Difference:
    """One value that differs between two plans."""

    path: SpecPath
    before: Any
    after: Any
    effect: Effect


def compare_plans(before: Plan, after: Plan) -> list[Difference]:
    """Every difference, in the order of the spec."""
    old, new = _with_defaults(before), _with_defaults(after)
    same_step = _rows_per_step(old) == _rows_per_step(new)
    found = []
    for path in dict.fromkeys([*old, *new]):
        values = old.get(path, ABSENT), new.get(path, ABSENT)
        if values[0] != values[1]:
            found.append(Difference(path, *values, _effect(path, same_step=same_step)))
    return found


def effective_settings(plan: Plan) -> Iterator[tuple[SpecPath, Any, Effect]]:
    """Every value of a plan with its defaults, and what it has an effect on."""
    settings = _with_defaults(plan)
    of_all = settings["training", GLOBAL_BATCH_SIZE] is not None
    for path, value in settings.items():
        same_step = of_all and path[1:] != (GLOBAL_BATCH_SIZE,)
        yield path, value, _effect(path, same_step=same_step)


def _with_defaults(plan: Plan) -> dict[SpecPath, Any]:
    spec = plan.to_spec()
    spec["training"] = dict(sorted(with_defaults(spec["training"]).items()))
    return dict(_leaves(spec, ()))


def _leaves(value: Any, path: SpecPath) -> Iterator[tuple[SpecPath, Any]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    else:
        yield path, value


def _rows_per_step(leaves: Mapping[SpecPath, Any]) -> tuple[str, int]:
    """On all processes together, or on each device: the one is never known to be the other."""
    rows, of_batch, batches = (leaves["training", name] for name in _STEP_BATCH)
    return ("each device", of_batch * batches) if rows is None else ("all", rows)


def _effect(path: SpecPath, *, same_step: bool) -> Effect:
    section = str(path[0])
    if section != "training":
        return _SECTIONS.get(section, "result")
    name = str(path[1])
    if name in _STEP_BATCH:
        # how a step is split into micro-batches does not change what the model learns
        return "speed" if same_step else "result"
    if name.startswith(_RECORD):
        return "record"
    return "speed" if name.startswith(_SPEED) else "result"
