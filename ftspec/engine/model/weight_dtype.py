"""How the weights of a model are stored. How a run computes is another matter: its precision."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import PretrainedConfig

from ftspec.engine.model.precision import Precision
from ftspec.engine.progress.run_log import Note
from ftspec.errors import RunError
from ftspec.planning.plan import Plan

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
"""By their names in a spec."""

_NAMES: dict[torch.dtype, Precision] = {torch.bfloat16: "bf16", torch.float16: "fp16"}


def require_dtype(plan: Plan) -> None:
    """Refuse weights that cannot be trained or computed with.

    Raises:
        RunError: the spec stores weights in 16 bits and computes in 32, or in fp16 on a CPU, or it
            trains weights in fp16.
    """
    wanted, precision = plan.model.dtype, plan.performance.precision
    if wanted in ("auto", "fp32"):
        return
    if precision == "fp32":
        raise _refusal(
            f"weights in {wanted} are not computed in fp32",
            f'write "performance: {{precision: {wanted}}}", or "dtype: fp32"',
        )
    if wanted == "fp16" and plan.adapter is None:
        raise _refusal(
            "weights in fp16 do not learn: most steps are smaller than what it can tell apart",
            'write "dtype: fp32", and "performance: {precision: fp16}" to compute in it',
        )
    if wanted == "fp16" and _uses_cpu(plan):
        raise _refusal("a CPU does not compute in fp16", 'write "dtype: bf16", or "dtype: fp32"')


def dtype_to_load(plan: Plan, config: PretrainedConfig) -> torch.dtype:
    """The dtype that a checkpoint is loaded in.

    With ``auto`` weights that are trained have 32 bits, since small steps would be lost in 16. The
    frozen weights below an adapter keep the dtype of the checkpoint, unless the run computes in
    fp32. A CPU does not compute in fp16.
    """
    if plan.model.dtype != "auto":
        return DTYPES[plan.model.dtype]
    if plan.adapter is None or plan.performance.precision == "fp32":
        return torch.float32
    own = _dtype_of(config)
    return torch.float32 if own is torch.float16 and _uses_cpu(plan) else own


def widen_trained(model: nn.Module) -> None:
    """Let an adapter learn in 32 bits: its own weights, and modules that it trains whole."""
    for weights in model.parameters():
        if weights.requires_grad and weights.dtype in _NAMES:
            weights.data = weights.data.float()


def precision_of(model: nn.Module, resolved: tuple[Precision, str], note: Note) -> Precision:
    """The precision that a run computes in, and a note why: that of weights in 16 bits, where the
    machine would compute in fp32."""
    precision, why = resolved
    stored = {weights.dtype for weights in model.parameters()} & set(_NAMES)
    if stored and precision == "fp32":
        precision = _NAMES[stored.pop()]
        why = (
            f'the weights are in {precision}; "model: {{dtype: fp32}}" computes in fp32, in more '
            "memory"
        )
    note(f"computing in {precision}: {why}")
    return precision


def _uses_cpu(plan: Plan) -> bool:
    return bool(plan.training.get("use_cpu", False)) or not torch.accelerator.is_available()


def _dtype_of(config: PretrainedConfig) -> torch.dtype:
    """The dtype of a checkpoint, by its configuration; fp32 if that does not say."""
    own: Any = getattr(config, "dtype", None)
    if isinstance(own, str):
        own = getattr(torch, own, None)
    return own if own in _NAMES else torch.float32


def _refusal(headline: str, help_: str) -> RunError:
    return RunError(headline, slug="bad-value", at=("model", "dtype"), helps=(help_,))
