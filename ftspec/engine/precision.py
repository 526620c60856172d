"""Which numbers the machine computes in: 16 bits where the hardware has them, 32 in the weights."""

from __future__ import annotations

from typing import Literal

import torch

Precision = Literal["fp32", "bf16", "fp16"]


def resolve_precision(wanted: str, use_cpu: bool) -> tuple[Precision, str]:
    """The precision of autocast and why.

    ``auto`` takes bf16 on CUDA devices of compute capability 8.0 and up and on CPUs with
    AVX512-BF16 or AMX, whose matrix products in bf16 are faster than in fp32; elsewhere fp32.
    """
    if wanted == "bf16":
        return "bf16", "the spec says so"
    if wanted == "fp16":
        return "fp16", "the spec says so"
    if wanted == "fp32":
        return "fp32", "the spec says so"
    if torch.cuda.is_available() and not use_cpu:
        major, minor = torch.cuda.get_device_capability()
        name = torch.cuda.get_device_name()
        if major >= 8:
            return "bf16", f"{name} (compute capability {major}.{minor}) computes in bf16"
        return "fp32", f"{name} (compute capability {major}.{minor}) has no bf16"
    if _cpu_has_bf16():
        return "bf16", "the CPU computes in bf16"
    return "fp32", "the CPU has no bf16"


def _cpu_has_bf16() -> bool:
    cpu = torch.cpu
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(cpu, check)() for check in checks if hasattr(cpu, check))
