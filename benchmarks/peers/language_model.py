"""A language model to train, because no package has one: a GPT-2 as deep and as wide as MiniLM,
with random weights and a tokenizer trained on the rows. It says nothing about quality."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import GPT2Config, GPT2LMHeadModel, GPT2Tokenizer

from benchmarks.peers.commands import MAX_LENGTH

VOCABULARY, LAYERS, WIDTH, HEADS = 4000, 6, 384, 12


def write_language_model(folder: Path, texts: Iterable[str]) -> Path:
    """Write a checkpoint of about 12 million parameters; token 0 ends a text.

    Returns:
        The folder.
    """
    folder.mkdir()
    end = "<|endoftext|>"
    pairs = ByteLevelBPETokenizer()
    pairs.train_from_iterator(
        texts, vocab_size=VOCABULARY, special_tokens=[end], show_progress=False
    )
    pairs.save_model(str(folder))
    tokenizer = GPT2Tokenizer(
        vocab=str(folder / "vocab.json"),
        merges=str(folder / "merges.txt"),
        model_max_length=MAX_LENGTH,
    )
    tokenizer.save_pretrained(folder)
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=MAX_LENGTH,
        n_embd=WIDTH,
        n_layer=LAYERS,
        n_head=HEADS,
        bos_token_id=0,
        eos_token_id=0,
    )
    torch.manual_seed(0)
    GPT2LMHeadModel(config).save_pretrained(folder)
    return folder
