"""The precision of training: 16 bits where the hardware has them; weights always have 32."""

from __future__ import annotations

from typing import Literal

import torch

from ftspec.errors import RunError

Precision = Literal["fp32", "bf16", "fp16"]

_UNITS = {"AVX512-BF16": "avx512_bf16", "AMX": "amx_tile"}
"""CPU units that multiply in bf16, and their names among the capabilities that torch detects."""


def resolve_precision(wanted: str, use_cpu: bool) -> tuple[Precision, str]:
    """The precision of autocast and why.

    ``auto`` is bf16 on CUDA devices with compute capability 8.0 or higher and on CPUs with
    AVX512-BF16 or AMX, whose matrix products are faster in bf16 than in fp32. Elsewhere it is fp32.

    Raises:
        RunError: the spec asks for fp16 on a CPU.
    """
    if wanted == "bf16":
        return "bf16", "the spec says so"
    if wanted == "fp16":
        if use_cpu or not torch.accelerator.is_available():
            raise RunError(
                "a CPU does not compute in fp16",
                slug="bad-value",
                at=("performance", "precision"),
                helps=('write "auto", which is bf16 if the CPU has it',),
            )
        return "fp16", "the spec says so"
    if wanted == "fp32":
        return "fp32", "the spec says so"
    if torch.cuda.is_available() and not use_cpu:
        major, minor = torch.cuda.get_device_capability()
        name = torch.cuda.get_device_name()
        if major >= 8:
            return "bf16", f"{name} (compute capability {major}.{minor}) computes in bf16"
        return "fp32", (f"{name} (compute capability {major}.{minor}) has no bf16, which needs 8.0")
    if torch.accelerator.is_available() and not use_cpu:
        return "fp32", "it is not known how this device computes in bf16"
    capabilities = torch.cpu.get_capabilities()
    units = [name for name, capability in _UNITS.items() if capabilities.get(capability, False)]
    if units:
        return "bf16", f"the CPU has {' and '.join(units)}"
    return "fp32", f"the CPU has neither {' nor '.join(_UNITS)} for bf16"
