"""How batches reach the device: workers, pinned memory and prefetching, by the machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import torch
from datasets import Dataset, IterableDataset

_MOST_WORKERS = 4
_KEYS = (
    "dataloader_num_workers",
    "dataloader_persistent_workers",
    "dataloader_pin_memory",
    "dataloader_prefetch_factor",
)


def choose_loading(
    training: Mapping[str, Any], rows: Dataset | IterableDataset, use_cpu: bool
) -> dict[str, Any]:
    """Fields of ``TrainingArguments``, unless the spec sets one of them."""
    if any(key in training for key in _KEYS):
        return {}
    has_device = torch.accelerator.is_available() and not use_cpu
    # workers would divide a stream among themselves, and so change its order
    is_stream = isinstance(rows, IterableDataset)
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    workers = 0 if is_stream else _workers(has_device, _cores() // processes)
    return {
        "dataloader_num_workers": workers,
        "dataloader_persistent_workers": workers > 0,
        "dataloader_pin_memory": has_device,
        "dataloader_prefetch_factor": 4 if workers else None,
    }


def _workers(has_device: bool, cores: int) -> int:
    """On a CPU all cores compute. With a device, one core is left to drive it."""
    return max(0, min(_MOST_WORKERS, cores - 1)) if has_device else 0


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
