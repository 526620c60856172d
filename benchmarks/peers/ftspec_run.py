"""ftspec as a user runs it: a spec and ``ftspec run``."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.peers.commands import BATCH, LEARNING_RATE, MAX_LENGTH, Command, steps_of
from benchmarks.peers.docstrings import Rows

SPEC = """\
ftspec: 1
name: docstrings
data:
  source:
    type: json
    files: {{train: "{rows}/train.jsonl", validation: "{rows}/validation.jsonl"}}
  splits: {{train: train, validation: validation}}
preprocess: {{template: {template}}}
tokenizer: {{max_length: {max_length}}}
model: {{checkpoint: "{model}"}}
task: {task}
training:
  num_train_epochs: 1
  per_device_train_batch_size: {batch}
  learning_rate: {learning_rate}
  eval_strategy: epoch
  save_strategy: epoch
performance: {{precision: {precision}}}
"""
CLASSIFY = {"template": '{text: "{text}", label: "{label}"}', "task": "text-classification"}
CONTINUE = {"template": '{text: "{text}"}', "task": "{type: text-generation, packing: false}"}


def train_classifier(folder: Path, rows: Rows, model: Path, *, precision: str = "auto") -> Command:
    """Classify docstrings by module."""
    return _command(folder, rows, model, precision=precision, **CLASSIFY)


def train_language_model(
    folder: Path, rows: Rows, model: Path, *, precision: str = "auto"
) -> Command:
    """Train on docstrings; each is an example."""
    return _command(folder, rows, model, precision=precision, **CONTINUE)


def _command(folder: Path, rows: Rows, model: Path, **parts: str) -> Command:
    spec = SPEC.format(
        rows=rows.folder,
        model=model,
        batch=BATCH,
        max_length=MAX_LENGTH,
        learning_rate=LEARNING_RATE,
        **parts,
    )
    (folder / "spec.yaml").write_text(spec, encoding="utf-8")
    steps = steps_of(rows.count)
    return Command(
        arguments=("ftspec", "run", "spec.yaml"),
        python=Path(sys.executable),
        folder=folder,
        says=f"step {steps}/{steps}",
    )
