"""How long rows may be, by the spec, the tokenizer and the model."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import (
    AutoConfig,
    AutoModel,
    BartConfig,
    BertConfig,
    GPT2Config,
    MPNetConfig,
    PretrainedConfig,
    RobertaConfig,
    T5Config,
)

from ftspec.components import TokenizerConfig
from ftspec.engine.model.length_limits import Lengths, position_limit, resolve_lengths
from ftspec.errors import RunError
from tests.unit import tiny

BERT = BertConfig(max_position_embeddings=100)


@pytest.fixture
def lengths_of(notes: list[str]) -> Any:
    def resolve(config: PretrainedConfig, limit: float = 1e30, **wanted: int) -> Lengths:
        tokenizer = tiny.tokenizer("wordpiece")
        tokenizer.model_max_length = int(limit)
        return resolve_lengths(
            TokenizerConfig(**wanted), ("tokenizer",), tokenizer, config, notes.append
        )

    return resolve


@pytest.mark.parametrize(
    ("config", "limit", "wanted", "expected"),
    [
        # what the spec asks for
        (BERT, 1e30, {"max_length": 100}, (100, 100)),
        (BERT, 50, {"max_length": 60}, (60, 100)),
        (BERT, 1e30, {"max_length": 2, "max_target_length": 3}, (2, 3)),
        (T5Config(), 512, {"max_length": 4000, "max_target_length": 900}, (4000, 900)),
        # the smaller of what tokenizer and model can take
        (BERT, 1e30, {}, (100, 100)),
        (BERT, 50, {}, (50, 100)),
        (BERT, 500, {}, (100, 100)),
        (GPT2Config(n_positions=1024), 1e30, {}, (1024, 128)),
        (T5Config(), 512, {}, (512, 128)),
    ],
)
def test_lengths(
    lengths_of: Any, config: Any, limit: float, wanted: Any, expected: Any, notes: list[str]
) -> None:
    assert lengths_of(config, limit, **wanted) == expected
    assert notes == []


def test_where_nothing_has_a_limit_the_user_is_told_of_ours(
    lengths_of: Any, notes: list[str]
) -> None:
    assert lengths_of(T5Config()) == (512, 128)
    assert notes == [
        "inputs are truncated to 512 tokens: neither the model nor the tokenizer has a limit"
    ]


@pytest.mark.parametrize("key", ["max_length", "max_target_length"])
def test_more_than_the_model_has_positions(lengths_of: Any, key: str) -> None:
    with pytest.raises(RunError) as caught:
        lengths_of(BERT, **{key: 101})
    assert caught.value.slug == "max-length"
    assert caught.value.at == ("tokenizer", key)
    assert caught.value.headline == f"{key} is 101, and the model has 100 positions"
    assert caught.value.helps == ("write 100 or less",)


@pytest.mark.parametrize(
    ("config", "limit"),
    [
        (BERT, 100),
        (GPT2Config(n_positions=64), 64),
        (T5Config(), None),
        (RobertaConfig(max_position_embeddings=514), 512),
        (MPNetConfig(max_position_embeddings=514), 512),
        (BartConfig(max_position_embeddings=1024), 1024),
        (BertConfig(max_position_embeddings=-1), None),
    ],
)
def test_position_limit(config: PretrainedConfig, limit: int | None) -> None:
    assert position_limit(config) == limit


FAMILIES = (
    "bert camembert data2vec-text distilbert electra esm gpt2 ibert luke mpnet roberta "
    "roberta-prelayernorm xlm-roberta xlm-roberta-xl"
)


@pytest.mark.parametrize("model_type", FAMILIES.split())
def test_the_limit_is_how_much_the_model_takes(model_type: str) -> None:
    small = {
        "vocab_size": 20,
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
        "intermediate_size": 8,
        "max_position_embeddings": 12,
    }
    if model_type == "distilbert":
        small["hidden_dim"] = small.pop("intermediate_size")
    if model_type == "esm":
        small["pad_token_id"] = 1
    config = AutoConfig.for_model(model_type, **small)
    if model_type == "luke":
        config.entity_vocab_size = 5
    model, limit = AutoModel.from_config(config).eval(), position_limit(config)
    assert limit is not None

    def read(count: int) -> None:
        ids = torch.full((1, count), 7)
        with torch.no_grad():
            model(input_ids=ids, attention_mask=torch.ones_like(ids))

    read(limit)
    with pytest.raises((IndexError, RuntimeError, ValueError)):
        read(limit + 1)
