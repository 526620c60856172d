"""Micro-batches without padding: what allows them, and how a model is prepared for them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from torch.utils.hooks import RemovableHandle

from ftspec.engine.batching.micro_batches import Form
from ftspec.engine.batching.packed_sequence import PACKABLE
from ftspec.engine.model.attention import attention_of
from ftspec.engine.model.unpadding import find_layers, unpad
from ftspec.engine.model.variable_length_attention import (
    VARIABLE_LENGTH,
    register_variable_length_attention,
)

CAUSAL = "AutoModelForCausalLM"
_COMPUTES_PADDING_IN_HEAD = "AutoModelForMaskedLM"


def prepare_for(
    model: Any, form: Form, attention: str | None = VARIABLE_LENGTH
) -> list[RemovableHandle]:
    """Prepare a model for micro-batches of a form, with an attention that takes rows of any length.
    Removing the handles lets its layers compute padding again."""
    switch_attention(model, attention)
    if form != "packed_layers":
        return []
    layers = find_layers(model)
    assert layers is not None  # else the form is another
    return unpad(layers)


def switch_attention(model: Any, attention: str | None) -> None:
    """Ask the model for an attention, which it may refuse."""
    if attention != attention_of(model):
        register_variable_length_attention()
        model.set_attn_implementation(attention)


def takes_any_length(attention: str | None) -> bool:
    """Whether an attention computes rows of different lengths without padding between them. Every
    flash attention does, from a package or from a kernel on the Hub. The masks with which ``sdpa``
    keeps packed rows apart cost more than padding."""
    return attention is not None and "flash" in attention and not attention.startswith("paged|")


def may_switch(model: Any, device: str, *, in_16_bits: bool) -> bool:
    """Whether variable-length attention may replace the ``sdpa`` of a model, subject to an
    equivalence check. The model must pass on the arguments of flash attention. The kernel takes 16
    bits."""
    return (
        attention_of(model) == "sdpa"
        and bool(getattr(model, "_supports_flash_attn", False))
        and getattr(model.config, "attention_chunk_size", None) is None
        and (device == "cpu" or (device == "cuda" and in_16_bits))
    )


def reason_to_pad(
    *,
    auto_model: str,
    has_layers: bool,
    has_own_trainer: bool,
    is_compiled: bool,
    is_sharded: bool,
    devices: int,
    names: Collection[str],
) -> str | None:
    """Why micro-batches are padded though the attention takes rows of any length, if they are."""
    if auto_model == CAUSAL:
        if has_own_trainer:
            return "the task has a Trainer of its own, which computes the loss"
        if set(names) != PACKABLE:
            return "the batches of this task hold more than tokens and labels"
    elif not has_layers:
        return "the model has no single stack of layers"
    elif auto_model == _COMPUTES_PADDING_IN_HEAD:
        return "the head of this model computes as much as its layers"
    if is_compiled:
        return "a compiled model takes few different lengths"
    if is_sharded:
        return "the weights are sharded"
    if devices > 1:
        return "one process feeds several devices"
    return None
