"""Ludwig: ``ludwig train``, with its own training loop around the same encoder.

It pads every row to the longest of the training set, at most ``max_sequence_length``. Its encoder
is frozen by default, so ``trainable`` is set. A batch size for evaluation is set, because Ludwig
otherwise tries several. It uses Adam without a schedule, and clips gradients to a norm of 0.5.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers.commands import BATCH, LEARNING_RATE, MAX_LENGTH, Command, steps_of
from benchmarks.peers.docstrings import Rows
from benchmarks.peers.environments import folder_of

CONFIG = """\
input_features:
  - name: text
    type: text
    encoder:
      type: bert
      pretrained_model_name_or_path: {model}
      trainable: true
    preprocessing: {{max_sequence_length: {max_length}}}
output_features:
  - {{name: label, type: category}}
trainer:
  epochs: 1
  batch_size: {batch}
  eval_batch_size: {batch}
  learning_rate: {learning_rate:f}
"""


def train_classifier(folder: Path, rows: Rows, model: Path) -> Command:
    """Classify docstrings by module."""
    config = CONFIG.format(
        model=model, max_length=MAX_LENGTH, batch=BATCH, learning_rate=LEARNING_RATE
    )
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    for split in ("train", "validation"):  # copied: Ludwig writes its cache next to its rows
        text = (rows.folder / f"{split}.csv").read_text(encoding="utf-8")
        (folder / f"{split}.csv").write_text(text, encoding="utf-8")
    steps = steps_of(rows.count)
    return Command(
        arguments=(
            *("ludwig", "train", "--config", "config.yaml", "--output_directory", "results"),
            *("--training_set", "train.csv", "--validation_set", "validation.csv"),
        ),
        python=folder_of("ludwig") / "bin" / "python",
        folder=folder,
        says=f" {steps}/{steps} ",
    )
