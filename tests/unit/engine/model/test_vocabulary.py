"""Every vocabulary size of a new model follows its tokenizer."""

from __future__ import annotations

from typing import Any

import pytest
from transformers import AutoConfig, BertConfig, EncoderDecoderConfig

from ftspec.engine.model.vocabulary import fit_to_tokenizer
from ftspec.spec.model import ModelSection
from tests.unit import tiny

RANDOM = ModelSection.model_validate({"init": "random", "architecture": "marian"})
TOKENIZER = tiny.tokenizer("unigram")


@pytest.mark.parametrize(
    ("architecture", "names"),
    [
        ("marian", ["vocab_size", "decoder_vocab_size"]),
        ("fsmt", ["src_vocab_size", "tgt_vocab_size"]),
        ("bart", ["vocab_size"]),
        ("gpt2", ["vocab_size"]),
    ],
)
def test_every_size_is_that_of_the_tokenizer(architecture: str, names: list[str]) -> None:
    config = AutoConfig.for_model(architecture)
    fit_to_tokenizer(RANDOM, config, TOKENIZER)
    assert [getattr(config, name) for name in names] == [len(TOKENIZER)] * len(names)
    assert config.eos_token_id == TOKENIZER.eos_token_id
    assert getattr(config, "forced_eos_token_id", None) in (None, TOKENIZER.eos_token_id)


def test_sizes_of_configurations_inside() -> None:
    parts = BertConfig(), BertConfig(is_decoder=True, add_cross_attention=True)
    config: Any = EncoderDecoderConfig.from_encoder_decoder_configs(*parts)
    fit_to_tokenizer(RANDOM, config, TOKENIZER)
    assert config.encoder.vocab_size == config.decoder.vocab_size == len(TOKENIZER)
    assert config.encoder.type_vocab_size == 2


def test_a_pretrained_model_keeps_its_sizes() -> None:
    config = AutoConfig.for_model("marian")
    model = ModelSection.model_validate({"checkpoint": "Helsinki-NLP/opus-mt-en-de"})
    fit_to_tokenizer(model, config, TOKENIZER)
    assert config.vocab_size == config.decoder_vocab_size == 58101
