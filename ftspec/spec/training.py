"""The ``training`` section: every field of ``TrainingArguments`` under its own name, and one more.

The fields come from ``training_arguments.json``. ``python -m tests.contract.argument_table``
generates this file from the installed transformers, so that lint does not need torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model

from ftspec.spec.base import FromEnvironment, JsonFile, SpecModel
from ftspec.spec.training_names import OWNED_ARGUMENTS
from ftspec.spec.training_shapes import SHAPES

_TYPES: dict[str, Any] = {
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "dict": dict[str, Any],
    "list[str]": list[str],
    "None": None,
}

_ALSO: dict[str, str] = {"fsdp": "bool | list[str]"}
"""Types that transformers takes and does not declare."""

JSON_FILES = ("deepspeed", "fsdp_config")
"""Arguments that are a mapping, or the path of a JSON file with one."""


GLOBAL_BATCH_SIZE = "global_batch_size"
"""The one field that transformers does not have: the rows of a step on all processes together."""

_GLOBAL_BATCH_SIZE: dict[str, Any] = {
    GLOBAL_BATCH_SIZE: (
        int | None,
        Field(
            default=None,
            description="rows of an optimizer step, however many processes and devices compute "
            "it; per_device_train_batch_size then limits the rows that a device computes at once, "
            "and gradients are accumulated as needed",
            ge=1,
            le=1_000_000_000,
        ),
    )
}


@cache
def argument_table() -> dict[str, dict[str, Any]]:
    """For each field its ``type`` (alternatives joined by ``|``), ``default`` and ``choices``."""
    text = Path(__file__).with_name("training_arguments.json").read_text(encoding="utf-8")
    table: dict[str, dict[str, Any]] = json.loads(text)["fields"]
    return table


def with_defaults(training: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a spec sets, and all others with their defaults."""
    defaults = {name: entry["default"] for name, entry in argument_table().items()}
    return {**defaults, GLOBAL_BATCH_SIZE: None, **training}


def _annotation(name: str, entry: dict[str, Any]) -> Any:
    if name == "hub_token":
        return Annotated[str | None, FromEnvironment()]
    written = f"{_ALSO[name]} | {entry['type']}" if name in _ALSO else entry["type"]
    alternatives = [_TYPES[name] for name in written.split(" | ")]
    if "choices" in entry:
        alternatives = [Literal[tuple(entry["choices"])]] + [
            a for a in alternatives if a is not str
        ]
    annotation = alternatives[0]
    for alternative in alternatives[1:]:
        annotation = annotation | alternative
    if name in SHAPES:
        annotation = Annotated[annotation, AfterValidator(SHAPES[name])]
    return Annotated[annotation, JsonFile()] if name in JSON_FILES else annotation


_AT_LEAST: dict[str, float] = {
    "dataloader_num_workers": 0,
    "eval_steps": 0,
    "gradient_accumulation_steps": 1,
    "label_smoothing_factor": 0,
    "learning_rate": 0,
    "logging_steps": 0,
    "max_grad_norm": 0,
    "num_train_epochs": 0,
    "per_device_eval_batch_size": 1,
    "per_device_train_batch_size": 1,
    "save_steps": 0,
    "save_total_limit": 1,
    "warmup_steps": 0,
    "weight_decay": 0,
}
"""The smallest values that work: below them the Trainer fails, or does nothing useful."""


_AT_MOST: dict[str, float] = {
    "dataloader_num_workers": 1024,
    "dataloader_prefetch_factor": 10_000,
    "eval_steps": 2**53,
    "label_smoothing_factor": 1,
    "logging_steps": 2**53,
    "num_train_epochs": 2**31,
    "per_device_eval_batch_size": 1_000_000,
    "per_device_train_batch_size": 1_000_000,
    "save_steps": 2**53,
    "warmup_steps": 2**53,
}
"""The largest values that work: above them the Trainer fails, or the machine does."""


def _build() -> type[SpecModel]:
    fields: dict[str, Any] = {
        name: (
            _annotation(name, entry),
            Field(
                default=entry["default"],
                description=f"TrainingArguments.{name} of transformers",
                ge=_AT_LEAST.get(name),
                le=_AT_MOST.get(name),
            ),
        )
        for name, entry in argument_table().items()
        if name not in OWNED_ARGUMENTS
    }
    return create_model(
        "TrainingSection", __base__=SpecModel, __module__=__name__, **_GLOBAL_BATCH_SIZE, **fields
    )


TrainingSection = _build()
"""The defaults are those of transformers. Only fields that a spec sets reach
``TrainingArguments``."""
