"""When a device has no room for a batch."""

from __future__ import annotations

import gc

import torch
from accelerate.utils.memory import clear_device_cache, should_reduce_batch_size


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory ran out, of a device or of the CPU."""
    return isinstance(error, torch.OutOfMemoryError) or should_reduce_batch_size(error)


def free_memory() -> None:
    """Give back what a failed batch held, once nothing refers to its error any more."""
    gc.collect()
    clear_device_cache()
