"""Rows and specs for the tests of this package."""

from __future__ import annotations

PAIRS = (
    ("hipbone", "large flaring bone forming one half of the pelvis"),
    ("litchi", "Chinese fruit having a thin brittle shell enclosing a sweet jellylike pulp"),
    ("monotheist", "a believer in one god"),
    ("lantern fly", "large brightly marked tropical insect with a process like a snout"),
    ("jiqui", "Cuban timber tree with hard wood very resistant to moisture"),
    ("galea", "an organ shaped like a helmet"),
    ("lumpfish", "clumsy soft thick-bodied northern Atlantic fish"),
    ("stomach", "an enlarged and muscular saclike organ of the alimentary canal"),
)

SPEC = """\
ftspec: 1
name: embeddings
data:
  source: {{type: json, files: {{train: "{rows}", validation: "{rows}"}}}}
  splits: {{train: train, validation: validation}}
preprocess: {{template: {{{template}}}}}
tokenizer: {{max_length: 24, type: train, algorithm: wordpiece, vocab_size: 200, lowercase: true}}
model:
  init: random
  architecture: bert
  config:
    hidden_size: 32
    num_hidden_layers: 2
    num_attention_heads: 2
    intermediate_size: 64
    hidden_dropout_prob: 0.0
    attention_probs_dropout_prob: 0.0
task: {{type: sentence-embedding, {task}}}
training: {{num_train_epochs: 3, per_device_train_batch_size: 8, learning_rate: 1e-3, {training}}}
performance: {{precision: fp32}}
"""
PAIR = 'anchor: "{word}", positive: "{gloss}"'
TRIPLET = f'{PAIR}, negative: "{{other}}"'
SCORED = f'{PAIR}, score: "{{score}}"'
