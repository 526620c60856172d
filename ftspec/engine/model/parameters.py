"""How many parameters a model has."""

from __future__ import annotations

from torch import nn


def count_parameters(model: nn.Module) -> tuple[int, int]:
    """How many parameters are trained, and how many there are."""
    parameters = list(model.parameters())
    return sum(size_of(p) for p in parameters if p.requires_grad), sum(map(size_of, parameters))


def size_of(parameter: nn.Parameter) -> int:
    """How many weights a parameter holds. Weights of four bits are stored two in a byte."""
    quantized = getattr(parameter, "quant_state", None)
    return parameter.numel() if quantized is None else quantized.shape.numel()
