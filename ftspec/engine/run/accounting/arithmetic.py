"""How much a model computes, and how fast this machine can."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ftspec.engine.batching.token_counts import TokenCounts
from ftspec.engine.model.parameters import size_of
from ftspec.engine.model.precision import Precision

FORMULA = (
    "4 N + 2 M for each token computed, padding too, where N are the weights that multiply it and "
    "M those of them that are trained (2 N forward, 2 N back to the inputs, 2 M to the weights: "
    "Kaplan et al. 2020, section 2.1, which has 6 N where all are trained); and 12 L d s for the "
    "attention of L layers of width d over s tokens (Chowdhery et al. 2022, appendix B)"
)

_TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_SIZES = {"cpu": (256, 1024), "cuda": (8192,)}
_REPEATS = 5
_SECONDS = 0.1


@dataclass(frozen=True)
class Weights:
    """Weights that multiply every token: all but tables that are looked up."""

    all: int
    trained: int


def flop_of(model: nn.Module, counts: TokenCounts) -> float:
    """Floating-point operations of training on the counted tokens, by :data:`FORMULA`."""
    config: Any = getattr(model, "config", None)
    parts = [(_weights_of(model), counts.padded)]
    if getattr(config, "is_encoder_decoder", False) and "labels" in counts.padded_in:
        encoder = _weights_of(model, only="encoder.")
        whole = _weights_of(model)
        decoder = Weights(whole.all - encoder.all, whole.trained - encoder.trained)
        targets = counts.padded_in["labels"]
        parts = [(encoder, counts.padded - targets), (decoder, targets)]
    width = getattr(config, "hidden_size", 0) or 0
    layers = getattr(config, "num_hidden_layers", 0) or 0
    attention = 12.0 * layers * width * counts.squares
    return attention + sum((4.0 * one.all + 2.0 * one.trained) * tokens for one, tokens in parts)


def _weights_of(model: nn.Module, only: str = "") -> Weights:
    """The weights in parts of the model whose names begin or go on with ``only``."""
    tables = {
        id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)
    } - _heads(model)
    chosen = [
        parameter
        for name, parameter in model.named_parameters()
        if id(parameter) not in tables and (not only or f".{only}" in f".{name}")
    ]
    trained = sum(size_of(parameter) for parameter in chosen if parameter.requires_grad)
    return Weights(sum(map(size_of, chosen)), trained)


def _heads(model: nn.Module) -> set[int]:
    """Tables that also give the output multiply every token there."""
    get_head: Any = getattr(model, "get_output_embeddings", None)
    head = get_head() if get_head is not None else None
    return {id(head.weight)} if head is not None else set()


def measure_matmul(precision: Precision, device: torch.device) -> float:
    """Floating-point operations per second of a square matrix product: the best of five, or of
    those that a tenth of a second allows.

    A processor without instructions for a precision takes seconds for a large product. Where small
    ones take that long, no larger one is made.
    """
    best = 0.0
    for size in _SIZES.get(device.type, _SIZES["cpu"]):
        seconds = _repeat_product(size, precision, device)
        best = 2.0 * size**3 / min(seconds)
        if sum(seconds) > _SECONDS:
            break
    return best


def _repeat_product(size: int, precision: Precision, device: torch.device) -> list[float]:
    """The seconds of each product. The first, which loads libraries, is not among them."""
    one, other = (torch.randn(size, size, device=device, dtype=_TYPES[precision]) for _ in "ab")
    seconds: list[float] = []
    while len(seconds) <= _REPEATS and sum(seconds[1:]) < _SECONDS:
        began = time.perf_counter()
        one @ other
        if device.type != "cpu":
            torch.accelerator.synchronize(device)
        seconds.append(time.perf_counter() - began)
    return seconds[1:]
