"""Positions from a config.json equal those that the engine reads from the configuration."""

from __future__ import annotations

import json
from typing import Any

import pytest
from transformers import (
    BartConfig,
    BertConfig,
    BloomConfig,
    CodeGenConfig,
    DebertaV2Config,
    DistilBertConfig,
    GPT2Config,
    GPTJConfig,
    LongformerConfig,
    LongT5Config,
    MarianConfig,
    MPNetConfig,
    OPTConfig,
    PretrainedConfig,
    RobertaConfig,
    T5Config,
    XLMRobertaConfig,
)

from ftspec.engine.model.length_limits import position_limit
from ftspec.planning.positions import over_limit, positions_in


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (BertConfig(max_position_embeddings=100), 100),
        (DistilBertConfig(), 512),
        (RobertaConfig(max_position_embeddings=514, pad_token_id=1), 512),
        (RobertaConfig(max_position_embeddings=514, pad_token_id=0), 513),
        (XLMRobertaConfig(max_position_embeddings=514), 512),
        (LongformerConfig(max_position_embeddings=4098), 4096),
        (MPNetConfig(max_position_embeddings=514), 512),
        (DebertaV2Config(), 512),
        (BartConfig(), 1024),
        (MarianConfig(max_position_embeddings=512), 512),
        (OPTConfig(), 2048),
        (GPT2Config(n_positions=64), 64),
        (GPTJConfig(n_positions=64), 64),
        (CodeGenConfig(n_positions=64), 64),
        (T5Config(), None),
        (LongT5Config(), None),
        (BloomConfig(), None),
    ],
    ids=lambda value: getattr(value, "model_type", str(value)),
)
def test_limit_in_the_file_is_that_of_the_configuration(
    config: PretrainedConfig, expected: int | None
) -> None:
    assert position_limit(config) == expected
    assert positions_in(json.loads(config.to_json_string(use_diff=False))) == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, None),
        ({"model_type": "bert"}, None),
        ({"max_position_embeddings": 12}, 12),
        ({"max_position_embeddings": "12"}, None),
        ({"max_position_embeddings": 0}, None),
        ({"max_position_embeddings": None, "model_type": "gpt2", "n_positions": 5}, 5),
        ({"n_positions": 5}, None),
        ({"model_type": "roberta", "max_position_embeddings": 12}, 10),
        ({"model_type": "roberta", "max_position_embeddings": 12, "pad_token_id": None}, 11),
    ],
)
def test_settings_that_say_less(settings: dict[str, Any], expected: int | None) -> None:
    assert positions_in(settings) == expected


def test_lint_and_run_say_the_same() -> None:
    headline, help_ = over_limit("max_length", 600, 512)
    assert headline == "max_length is 600, and the model has 512 positions"
    assert help_ == "write 512 or less"
