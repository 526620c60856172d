"""A value that all processes of a run must share."""

from __future__ import annotations

from typing import TypeVar

from accelerate.utils import broadcast_object_list
from transformers import Trainer

_Value = TypeVar("_Value")


def of_first_process(trainer: Trainer, value: _Value) -> _Value:
    """The value of the first process, in every process."""
    if trainer.accelerator.num_processes == 1:
        return value
    values = [value]
    broadcast_object_list(values)
    return values[0]
