"""Tiny real models in folders: the architectures of the seed specs, with tokenizers learned on real
text and seeded random weights. They say nothing about quality, and train a step in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertModel, BertTokenizer

from tests.hub import models, prose

SEED = 20240202
POSITIONS = 64


def build_bert(folder: Path, texts: Sequence[str]) -> Path:
    """A 2-layer BERT without a head, and its WordPiece tokenizer."""
    folder.mkdir(parents=True)
    pieces = BertWordPieceTokenizer(lowercase=True)
    pieces.train_from_iterator(texts, vocab_size=800, show_progress=False)
    pieces.save_model(str(folder))
    BertTokenizer(vocab=str(folder / "vocab.txt"), model_max_length=POSITIONS).save_pretrained(
        folder
    )
    config = BertConfig(
        vocab_size=pieces.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=POSITIONS,
    )
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        BertModel(config).save_pretrained(folder)
    return folder


def build_gpt2(root: Path) -> Path:
    """A 2-layer GPT-2 without a padding token."""
    return models.build_gpt2(root, texts=_topic_texts(), vocab_size=1000)


def build_t5(root: Path) -> Path:
    """A 2+2-layer T5."""
    return models.build_t5(root, texts=_topic_texts(), vocab_size=1000)


def _topic_texts() -> list[str]:
    return [text for topic in prose.python_topics() for _, text in topic]
