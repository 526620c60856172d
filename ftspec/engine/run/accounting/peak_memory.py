"""The most memory that a process has used."""

from __future__ import annotations

import sys

import torch


def peak_memory() -> int | None:
    """Bytes of main memory, mapped files included; ``None`` where the system does not say."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def peak_device_memory() -> int | None:
    """The most bytes that tensors took on the CUDA device, if there is one."""
    if not torch.cuda.is_available():
        return None
    return int(torch.cuda.max_memory_allocated())


def device_memory() -> int | None:
    """Bytes of the CUDA device, if there is one."""
    if not torch.cuda.is_available():
        return None
    return int(torch.cuda.get_device_properties(0).total_memory)
