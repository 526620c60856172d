"""The fastest exact attention that is installed and that the model can take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from transformers import PreTrainedModel
from transformers.utils import is_flash_attn_2_available, is_flash_attn_3_available

from ftspec.engine.model.precision import Precision
from ftspec.engine.progress.run_log import Note

ATTENTION = "attn_implementation"
"""As ``from_pretrained`` calls it; configurations have it hidden."""

_NAMED = (ATTENTION, f"_{ATTENTION}")


def use_fastest_attention(
    model: PreTrainedModel,
    settings: Mapping[str, Any],
    precision: Precision,
    use_cpu: bool,
    note: Note,
) -> None:
    """Switch the model to flash attention where it gains; transformers takes sdpa by itself.

    ``settings`` are those that the spec gives the model's configuration: an attention named there
    stays.
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
    """The attention that a model computes with, by the name that transformers gives it."""
    return getattr(getattr(model, "config", None), "_attn_implementation", None)


def names_attention(settings: Mapping[str, Any]) -> bool:
    """Whether the settings that a spec gives the model's configuration name an attention."""
    return any(name in settings for name in _NAMED)


def choose_attention(
    *, takes_flash: bool, installed: list[str], precision: Precision
) -> tuple[str | None, str]:
    """The flash attention to switch to, the newest installed; or ``None`` and why not."""
    if not takes_flash:
        return None, ", for the model has no flash attention"
    if not installed:
        return None, ", for flash-attn is not installed"
    if precision == "fp32":
        return None, ", for flash attention computes in 16 bits only"
    return installed[0], ""
