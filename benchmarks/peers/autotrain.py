"""AutoTrain: ``autotrain --config``, which trains with transformers' Trainer in a child process.

Its dataset pads every row to ``max_seq_length``. It evaluates after the epoch, saves a checkpoint
with the optimizer, evaluates again and saves the model. Without a validation set it takes a fifth
of the rows for one. It uses AdamW with linear decay, and a tenth of the steps for warm-up.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers.commands import BATCH, LEARNING_RATE, MAX_LENGTH, Command, steps_of
from benchmarks.peers.docstrings import Rows
from benchmarks.peers.environments import folder_of

CONFIG = """\
task: text-classification
base_model: {model}
project_name: trained
log: none
backend: local
data:
  path: {rows}
  train_split: train
  valid_split: validation
  column_mapping: {{text_column: text, target_column: label}}
params:
  max_seq_length: {max_length}
  epochs: 1
  batch_size: {batch}
  lr: {learning_rate:f}
"""


def train_classifier(folder: Path, rows: Rows, model: Path) -> Command:
    """Classify docstrings by module."""
    config = CONFIG.format(
        model=model,
        rows=rows.folder,
        max_length=MAX_LENGTH,
        batch=BATCH,
        learning_rate=LEARNING_RATE,
    )
    (folder / "config.yml").write_text(config, encoding="utf-8")
    steps = steps_of(rows.count)
    return Command(
        arguments=("autotrain", "--config", "config.yml"),
        python=folder_of("autotrain") / "bin" / "python",
        folder=folder,
        says=f" {steps}/{steps} ",
    )
