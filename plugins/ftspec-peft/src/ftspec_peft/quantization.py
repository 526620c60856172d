"""Loading a checkpoint in four or eight bits, with bitsandbytes."""

from __future__ import annotations

import importlib.util
from typing import Literal

import torch
from transformers import BitsAndBytesConfig

from ftspec.api import AdapterContext, MissingExtraError

_HEADS = (
    "classification_head",
    "classifier",
    "logits_proj",
    "pooler",
    "pre_classifier",
    "qa_outputs",
    "score",
    "sequence_summary",
)
"""Heads that a task adds to a checkpoint. They have no weights to quantize before training."""


def quantization_of(kind: Literal["nf4", "int8"], context: AdapterContext) -> BitsAndBytesConfig:
    """The quantization for ``from_pretrained``. nf4 uses double quantization, as QLoRA does.

    Raises:
        MissingExtraError: bitsandbytes is not installed.
    """
    if importlib.util.find_spec("bitsandbytes") is None:
        raise MissingExtraError("bitsandbytes", "pip install 'ftspec-peft[quantization]'")
    if not torch.cuda.is_available():
        context.note("there is no GPU: computing with quantized weights is slower, not faster")
    # by default, transformers skips the output layer of a language model
    skipped = None if context.auto_model.endswith("LM") else list(_HEADS)
    if kind == "int8":
        return BitsAndBytesConfig(  # type: ignore[no-untyped-call]
            load_in_8bit=True, llm_int8_skip_modules=skipped
        )
    return BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=_compute_dtype(),
        llm_int8_skip_modules=skipped,
    )


def _compute_dtype() -> torch.dtype:
    if not torch.cuda.is_available():
        return torch.float32
    has_bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if has_bf16 else torch.float16
