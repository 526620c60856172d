"""The shapes of training arguments that transformers reads from text. It would refuse a wrong shape
when training starts, with a Python error."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from ftspec.diagnostics.suggest import did_you_mean, one_of

DEBUG_OPTIONS = ("tpu_metrics_debug", "underflow_overflow")
FSDP_OPTIONS = (
    *("auto_wrap", "full_shard", "hybrid_shard", "hybrid_shard_zero2", "no_shard", "offload"),
    "shard_grad_op",
)


def is_json_text(written: str) -> bool:
    """Whether a string is JSON itself, and not the name of a file."""
    return written.lstrip().startswith("{")


def optimizer_keys(written: str | None) -> dict[str, str]:
    """The keys and values of ``optim_args``, such as ``"rank=128, scale=0.25"``.

    Raises:
        ValueError: the text has another form.
    """
    keys = {}
    for part in (written or "").replace(" ", "").split(",") if written else ():
        key, value = part.split("=")
        if not key or not value:
            raise ValueError(part)
        keys[key] = value
    return keys


def _has_keys_and_values(written: str | None) -> str | None:
    try:
        optimizer_keys(written)
    except ValueError:
        raise _refused(
            f'optim_args is not a list of keys and values: "{written}"',
            'write it as "rank=128,scale=0.25", with a comma between two keys',
        ) from None
    return written


def _has_options(name: str, known: tuple[str, ...]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        options = value.split() if isinstance(value, str) else value
        for option in options if isinstance(options, list) else ():
            if option.lower() not in known:
                near = did_you_mean(option, known)
                if "," in option:
                    near = ("put a space between two options",)
                raise _refused(f'{name} has no option "{option}"', (near or (one_of(known),))[0])
        return value

    return check


def _is_mapping_in_json(name: str, or_file: bool) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not isinstance(value, str) or (or_file and not is_json_text(value)):
            return value
        try:
            read = json.loads(value)
        except ValueError as error:
            raise _refused(
                f"{name} is a string that is not JSON: {str(error).lower()}",
                "write a mapping" if not or_file else "write a mapping, or the path of a JSON file",
            ) from None
        if not isinstance(read, dict):
            raise _refused(f"{name} is a string without a JSON object", "write a mapping")
        return value

    return check


SHAPES: Mapping[str, Callable[[Any], Any]] = {
    "activation_checkpointing_kwargs": _is_mapping_in_json(
        "activation_checkpointing_kwargs", or_file=False
    ),
    "debug": _has_options("debug", DEBUG_OPTIONS),
    "deepspeed": _is_mapping_in_json("deepspeed", or_file=True),
    "fsdp": _has_options("fsdp", FSDP_OPTIONS),
    "fsdp_config": _is_mapping_in_json("fsdp_config", or_file=True),
    "gradient_checkpointing_kwargs": _is_mapping_in_json(
        "gradient_checkpointing_kwargs", or_file=False
    ),
    "lr_scheduler_kwargs": _is_mapping_in_json("lr_scheduler_kwargs", or_file=False),
    "optim_args": _has_keys_and_values,
}
"""For each argument with a shape, the function that refuses another one."""


def _refused(problem: str, help_: str) -> PydanticCustomError:
    return PydanticCustomError("bad-value", "{problem}", {"problem": problem, "help": help_})
