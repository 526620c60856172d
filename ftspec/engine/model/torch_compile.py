"""Tests whether torch can compile on this machine, before any row is prepared."""

from __future__ import annotations

import torch
from accelerate.utils import DynamoBackend
from torch.nn import functional

from ftspec.diagnostics.suggest import did_you_mean, one_of
from ftspec.errors import RunError
from ftspec.planning.plan import Plan


def try_compiler(plan: Plan, local_rank: int = 0) -> None:
    """Compile a small function for the device of the run, with the backend of the spec. Each of
    several processes uses its own device.

    It takes a few seconds, most of them for imports that the model needs too.

    Raises:
        RunError: there is no such backend, or it cannot compile, mostly because there is no C++
            compiler.
    """
    backend = str(plan.training.get("torch_compile_backend") or "inductor").lower()
    known = [
        name
        for name in torch.compiler.list_backends(exclude_tags=())
        if name.upper() in DynamoBackend.list()  # accelerate supports no others
    ]
    if backend not in known:
        raise RunError(
            f'torch has no backend "{backend}" to compile with',
            slug="bad-value",
            at=("training", "torch_compile_backend"),
            helps=(*did_you_mean(backend, known), one_of(known)),
        )
    device, accelerator = torch.device("cpu"), torch.accelerator.current_accelerator()
    if accelerator is not None and not plan.training.get("use_cpu"):
        device = torch.device(accelerator.type, local_rank)
    try:
        torch.compile(functional.gelu, backend=backend)(torch.ones(8, device=device))
    except RuntimeError as error:  # the base of what Dynamo and its backends raise
        lines = str(getattr(error, "inner_exception", error)).splitlines() or [repr(error)]
        reason = next((line for line in lines if "error: " in line), lines[0])
        raise RunError(
            f"torch cannot compile here: {reason.strip()}",
            slug="cannot-compile",
            at=("performance", "compile"),
            helps=(
                "install a C++ compiler such as g++ (for a GPU gcc and the headers of Python), or "
                "set yours in the environment: CXX=…, CC=…",
                'or remove "compile: true"',
            ),
        ) from error
