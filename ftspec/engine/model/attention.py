"""The fastest exact attention that is installed and that the model supports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from transformers import PreTrainedModel
from transformers.utils import is_flash_attn_2_available, is_flash_attn_3_available

from ftspec.engine.model.precision import Precision
from ftspec.engine.progress.run_log import Note

ATTENTION = "attn_implementation"
"""The argument of ``from_pretrained``; configurations have it with an underscore."""

_NAMED = (ATTENTION, f"_{ATTENTION}")


def use_fastest_attention(
    model: PreTrainedModel,
    settings: Mapping[str, Any],
    precision: Precision,
    use_cpu: bool,
    note: Note,
) -> None:
    """Switch the model to flash attention where it is faster; transformers chooses sdpa by itself.

    ``settings`` are the configuration in the spec. An attention that is named there stays.
    """
    if use_cpu or not torch.cuda.is_available() or names_attention(settings):
        return
    installed = [
        name
        for name, is_there in (
            ("flash_attention_3", is_flash_attn_3_available()),
            ("flash_attention_2", is_flash_attn_2_available()),
        )
        if is_there
    ]
    chosen, why = choose_attention(
        takes_flash=bool(getattr(model, "_supports_flash_attn", False)),
        installed=installed,
        precision=precision,
    )
    if chosen is not None:
        model.set_attn_implementation(chosen)
    note(f"attention: {attention_of(model)}{why}")


def attention_of(model: Any) -> str | None:
    """The name that transformers has for the attention of a model."""
    return getattr(getattr(model, "config", None), "_attn_implementation", None)


def names_attention(settings: Mapping[str, Any]) -> bool:
    """Whether the configuration in a spec names an attention."""
    return any(name in settings for name in _NAMED)


def choose_attention(
    *, takes_flash: bool, installed: list[str], precision: Precision
) -> tuple[str | None, str]:
    """The newest installed flash attention; or ``None`` and why not."""
    if not takes_flash:
        return None, ", because the model does not support flash attention"
    if not installed:
        return None, ", because flash-attn is not installed"
    if precision == "fp32":
        return None, ", because flash attention computes in 16 bits only"
    return installed[0], ""
