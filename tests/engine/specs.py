"""Specs of tiny models that several tests train."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    MistralConfig,
    PretrainedConfig,
)

SPEC = """\
ftspec: 1
name: accumulation
data:
  source: {type: json, files: "%(rows)s"}
  splits: {train: "train[:42]"}
preprocess: {template: {%(template)s}}
tokenizer: {max_length: 40, max_target_length: 24}
model: {checkpoint: "%(model)s", config: {%(config)s}}
task: {%(task)s}
training:
  num_train_epochs: 2
  learning_rate: 1e-3
  logging_steps: 1
  save_strategy: "no"
performance: {precision: fp32}
metrics: []
"""
"""42 rows are two full steps and one of ten rows: with accumulation 4 + 4 + 2."""

AT_ONCE = ("training.per_device_train_batch_size=16",)
ACCUMULATED = (
    "training.per_device_train_batch_size=4",
    "training.gradient_accumulation_steps=4",
)
SMOOTHED = "training.label_smoothing_factor=0.1"

BERT = ("bert", "glosses", "hidden_dropout_prob: 0.0, attention_probs_dropout_prob: 0.0")
T5 = ("t5", "summaries", "dropout_rate: 0.0")
GPT2 = ("gpt2", "paragraphs", "resid_pdrop: 0.0, embd_pdrop: 0.0, attn_pdrop: 0.0")

TOPIC = 'text: "{text}", label: "{topic}"'
SUMMARY = 'source: "summarize: {document}", target: "{summary}"'
TEXT = 'text: "{text}"'

CASES = {
    "single-label": (BERT, TOPIC, "type: text-classification"),
    "multi-label": (
        BERT,
        'text: "{text}", label: "{traits}"',
        "type: text-classification, problem: multi-label",
    ),
    "regression": (
        BERT,
        'text: "{text}", label: "{words}"',
        "type: text-classification, problem: regression",
    ),
    "pairs": (
        BERT,
        'text: "{text}", text_pair: "{next}", label: "{agree}"',
        "type: text-classification",
    ),
    "summarization": (T5, SUMMARY, "type: summarization"),
    "packed text": (GPT2, TEXT, "type: text-generation, packing: true"),
    "rows of text": (GPT2, TEXT, "type: text-generation, packing: false"),
}
SMOOTHED_CASES = ("single-label", "pairs", "summarization", "packed text", "rows of text")

TINY: dict[str, Any] = {
    "vocab_size": 1000,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
LLAMA = LlamaConfig(**TINY, num_key_value_heads=1, max_position_embeddings=64)
MISTRAL = MistralConfig(**TINY, num_key_value_heads=1, sliding_window=3)
CONFIGS = {"llama": LLAMA, "mistral": MISTRAL}

PADDED = "performance.batching=padded"
SPLIT_OFTEN = "performance.micro_batch_overhead_tokens=0"
WITH_PADDING = "model.config.attn_implementation=sdpa"
"""A spec that names an attention keeps it, and with it the padding."""
STANDING_STILL = ("training.learning_rate=0.0", "training.num_train_epochs=1")
"""The last of three steps has ten rows instead of sixteen, and all learn at the same weights."""


def spec_of(request: pytest.FixtureRequest, case: str) -> str:
    """The spec of a case, with its model and rows."""
    (model, rows, config), template, task = CASES[case]
    return SPEC % {
        "model": request.getfixturevalue(model),
        "rows": request.getfixturevalue(rows),
        "config": config,
        "template": template,
        "task": task,
    }


def with_model(spec: str, gpt2: Path, folder: Path, config: PretrainedConfig) -> str:
    """A spec of GPT-2 with another model, tiny and random, in its place."""
    tokenizer = AutoTokenizer.from_pretrained(gpt2)
    config.update({"eos_token_id": tokenizer.eos_token_id, "bos_token_id": tokenizer.bos_token_id})
    with torch.random.fork_rng():
        torch.manual_seed(1)
        AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _, _, dropout = GPT2
    return spec.replace(str(gpt2), str(folder)).replace(dropout, "")
