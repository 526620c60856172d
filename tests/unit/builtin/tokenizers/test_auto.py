"""Tokenizers of checkpoints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ftspec.api import RunError
from ftspec.builtin.tokenizers.auto import load_tokenizer
from ftspec.builtin.tokenizers.config import AutoTokenizerConfig
from tests.unit import tiny
from tests.unit.builtin.tokenizers.conftest import MakeTokenizerContext


def test_truncation_and_padding_of_the_file_are_reset(
    tokenizer_context: MakeTokenizerContext,
) -> None:
    baked = json.loads((tiny.minilm() / "tokenizer.json").read_text())
    assert baked["truncation"]["max_length"] == 128
    assert baked["padding"] is not None
    tokenizer = load_tokenizer(AutoTokenizerConfig(), tokenizer_context(checkpoint=tiny.minilm()))
    backend = tokenizer.backend_tokenizer
    assert (backend.truncation, backend.padding) == (None, None)
    lengths = [len(ids) for ids in tokenizer(["word " * 300, "word"])["input_ids"]]
    assert lengths == [302, 3]
    cut = tokenizer(["word " * 300], truncation=True, max_length=200)["input_ids"]
    assert len(cut[0]) == 200


def test_its_own_checkpoint_wins_over_the_models(
    tokenizer_context: MakeTokenizerContext, tmp_path: Path
) -> None:
    tiny.tokenizer("bpe").save_pretrained(tmp_path)
    context = tokenizer_context(checkpoint=tiny.minilm())
    config = AutoTokenizerConfig(checkpoint=str(tmp_path))
    assert load_tokenizer(config, context).eos_token == "<|endoftext|>"
    assert load_tokenizer(AutoTokenizerConfig(), context).sep_token == "[SEP]"


def test_a_model_without_a_checkpoint(tokenizer_context: MakeTokenizerContext) -> None:
    with pytest.raises(RunError) as caught:
        load_tokenizer(AutoTokenizerConfig(), tokenizer_context())
    assert caught.value.slug == "no-tokenizer"
    assert caught.value.at == ("tokenizer",)
    assert "tokenizer: {type: train}" in caught.value.helps[0]


@pytest.mark.parametrize("model_type", ["bert", "gpt2", "t5", "marian", "llama", "no-such-type"])
def test_a_checkpoint_without_a_tokenizer(
    model_type: str, tokenizer_context: MakeTokenizerContext, tmp_path: Path
) -> None:
    # for some, transformers creates an empty tokenizer without known words
    (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    with pytest.raises(RunError) as caught:
        load_tokenizer(AutoTokenizerConfig(), tokenizer_context(checkpoint=tmp_path))
    assert caught.value.slug == "no-tokenizer"
    assert caught.value.at == ("tokenizer", "checkpoint")
    assert caught.value.headline.startswith(f'no tokenizer in "{tmp_path}": ')
    assert "\n" not in caught.value.headline
