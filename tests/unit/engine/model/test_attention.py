"""Which attention a model computes with."""

from __future__ import annotations

from typing import Any

import pytest
from transformers import BertConfig, BertModel

from ftspec.engine.model.attention import choose_attention, use_fastest_attention

BOTH = ["flash_attention_3", "flash_attention_2"]


@pytest.mark.parametrize(
    ("facts", "chosen", "why"),
    [
        ({}, "flash_attention_3", ""),
        ({"precision": "fp16"}, "flash_attention_3", ""),
        ({"installed": BOTH[1:]}, "flash_attention_2", ""),
        ({"takes_flash": False}, None, "the model does not support flash attention"),
        ({"installed": []}, None, "flash-attn is not installed"),
        ({"precision": "fp32"}, None, "flash attention computes in 16 bits only"),
    ],
)
def test_flash_where_it_is_valid(facts: dict[str, Any], chosen: str | None, why: str) -> None:
    known: dict[str, Any] = {"takes_flash": True, "installed": BOTH, "precision": "bf16", **facts}
    name, reason = choose_attention(**known)

    assert name == chosen
    assert reason.removeprefix(", because ") == why


def test_a_model_on_the_cpu_keeps_what_transformers_took() -> None:
    config = BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=1)
    model = BertModel(config)
    notes: list[str] = []
    use_fastest_attention(model, {}, "bf16", True, notes.append)

    assert model.config._attn_implementation == "sdpa"
    assert notes == []
