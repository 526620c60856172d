"""Rows, specs and findings for the tests of this package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from ftspec.testing import lint_spec

DATA = Path(__file__).parents[1] / "specs" / "data"

TEMPLATE = """\
{% for message in messages %}{{ '<|' + message.role + '|>' }}
{{ message.content }}{{ eos_token if message.role == 'assistant' }}
{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}
{% endif %}"""

MARKED_TEMPLATE = """\
{% for message in messages %}{{ '<|' + message.role + '|>' }}
{% if message.role == 'assistant' %}{% generation %}{{ message.content }}{{ eos_token }}
{% endgeneration %}{% else %}{{ message.content }}
{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}
{% endif %}"""

SPEC = """\
ftspec: 1
name: conversations
data:
  source: {{type: json, files: {{train: "{rows}", validation: "{rows}"}}}}
  splits: {{train: "train[:16]", validation: "validation[:10]"}}
preprocess: {{template: {{{template}}}}}
tokenizer: {{max_length: {max_length}, type: train, algorithm: bpe, vocab_size: 400}}
model:
  init: random
  architecture: gpt2
  config: {{n_layer: 2, n_embd: 32, n_head: 2, n_positions: 256, embd_pdrop: 0.0, attn_pdrop: 0.0,
    resid_pdrop: 0.0}}
task: {{type: {task}, chat_template_file: "{chat_template}", max_new_tokens: 8, {keys}}}
training: {{max_steps: 3, per_device_train_batch_size: 8, learning_rate: 1e-3, logging_steps: 1,
  {training}}}
performance: {{precision: fp32, batching: {batching}}}
"""
MESSAGES = 'messages: "{messages}"'
PAIR = 'prompt: "{prompt}", completion: "{chosen}"'
PREFERENCE = 'prompt: "{prompt}", chosen: "{chosen}", rejected: "{rejected}"'
ROWS = {"chat": "conversations-train.jsonl", "preference": "preferences-train.jsonl"}


def found(text: str) -> list[tuple[str, str]]:
    """The slug of each finding with the text it points at."""
    findings = []
    for one in lint_spec(text):
        assert one.span is not None
        findings.append((one.slug, one.span.excerpt))
    return findings


def rows_of(task: str, count: int) -> list[dict[str, Any]]:
    """The first rows of the data."""
    lines = (DATA / ROWS[task]).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines[:count]]


def letters() -> PreTrainedTokenizerFast:
    """A tokenizer with a token for each byte."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {character: index for index, character in enumerate(["<|end|>", *alphabet])}
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token="<|end|>", pad_token="<|end|>"
    )
