"""Specs of architectures that compute a row differently in each batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BigBirdConfig,
    FNetConfig,
    LlamaConfig,
    PretrainedConfig,
)

from tests.architectures.weights import scale_weights
from tests.engine.specs import BERT, GPT2, TINY, spec_of

FNET = FNetConfig(**{**TINY, "vocab_size": 1000}, max_position_embeddings=64, num_labels=6)
BIG_BIRD = BigBirdConfig(
    **TINY, max_position_embeddings=64, block_size=4, num_random_blocks=1, num_labels=6
)
LONGROPE = LlamaConfig(
    **TINY,
    max_position_embeddings=64,
    rope_parameters={
        "rope_type": "longrope",
        "rope_theta": 10_000.0,
        "original_max_position_embeddings": 16,
        "short_factor": [1.0] * 8,
        "long_factor": [4.0] * 8,
    },
)


def classifier(request: pytest.FixtureRequest, folder: Path, config: PretrainedConfig) -> str:
    """The spec of a classifier of another architecture, with weights that make padding matter."""
    bert = request.getfixturevalue("bert")
    _save(AutoModelForSequenceClassification.from_config(config), bert, folder)
    spec = spec_of(request, "single-label").replace(str(bert), str(folder))
    return spec.replace(BERT[2], "hidden_dropout_prob: 0.0")


def language_model(request: pytest.FixtureRequest, folder: Path, config: PretrainedConfig) -> str:
    """The spec of a causal language model of another architecture."""
    gpt2 = request.getfixturevalue("gpt2")
    _save(AutoModelForCausalLM.from_config(config), gpt2, folder)
    return spec_of(request, "rows of text").replace(str(gpt2), str(folder)).replace(GPT2[2], "")


def _save(model: Any, tokenizer: Path, folder: Path) -> None:
    scale_weights(model)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(tokenizer).save_pretrained(folder)
