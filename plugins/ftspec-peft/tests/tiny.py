"""Tiny models with random weights, a tokenizer trained on the spot, and rows of real text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertModel,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

WORDNET = Path(__file__).parents[3] / "specs" / "data" / "wordnet_topics"
PAD, END = "<pad>", "</s>"
POSITIONS = 64


def glosses(count: int) -> list[dict[str, str]]:
    """Definitions with the topic of each, with the one that follows, and with a label that nothing
    in them tells."""
    lines = (WORDNET / "train.jsonl").read_text(encoding="utf-8").splitlines()[: count + 1]
    rows = [json.loads(line) for line in lines]
    return [
        {
            "text": row["text"],
            "topic": row["label"],
            "both": f"{row['text']}; {following['text']}",
            "chance": "odd" if number % 2 else "even",
        }
        for number, (row, following) in enumerate(pairwise(rows))
    ]


def write_rows(file: Path, rows: Iterable[Any]) -> Path:
    """The rows as JSON lines."""
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def tokenizer_for(architecture: str) -> PreTrainedTokenizerFast:
    """Pieces of bytes; that of GPT-2 has no padding, and that of T5 ends each text."""
    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=[PAD, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    pieces.train_from_iterator((row["text"] for row in glosses(500)), trainer)
    if architecture == "t5":
        pieces.post_processor = processors.TemplateProcessing(
            single=f"$A {END}", special_tokens=[(END, pieces.token_to_id(END))]
        )
    padding = {} if architecture == "gpt2" else {"pad_token": PAD}
    return PreTrainedTokenizerFast(
        tokenizer_object=pieces, eos_token=END, model_max_length=POSITIONS, **padding
    )


def build(architecture: str, folder: Path) -> Path:
    """The folder of a model without a head for a task, and its tokenizer."""
    tokenizer = tokenizer_for(architecture)
    with torch.random.fork_rng():
        torch.manual_seed(20240202)
        _model(architecture, len(tokenizer)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _model(architecture: str, tokens: int) -> PreTrainedModel:
    if architecture == "bert":
        return BertModel(
            BertConfig(
                vocab_size=tokens,
                hidden_size=32,
                num_hidden_layers=2,
                num_attention_heads=2,
                intermediate_size=64,
                max_position_embeddings=POSITIONS,
            )
        )
    if architecture == "gpt2":
        ends = {"bos_token_id": 1, "eos_token_id": 1}
        return GPT2LMHeadModel(
            GPT2Config(
                vocab_size=tokens, n_positions=POSITIONS, n_embd=64, n_layer=2, n_head=2, **ends
            )
        )
    return T5ForConditionalGeneration(
        T5Config(
            vocab_size=tokens,
            d_model=64,
            d_kv=16,
            d_ff=128,
            num_layers=2,
            num_heads=4,
            decoder_start_token_id=0,
        )
    )
