"""LLaMA-Factory: ``llamafactory-cli train``, which has language models and no classification.

It trains with transformers' Trainer and pads each batch to its longest row. By default it uses
gradient checkpointing, which computes activations twice to save memory, so it is measured without
as well. It evaluates and saves a checkpoint after the epoch, evaluates again and saves the model.
It uses AdamW with linear decay.
"""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.peers.commands import BATCH, LEARNING_RATE, MAX_LENGTH, Command, steps_of
from benchmarks.peers.docstrings import Rows
from benchmarks.peers.environments import folder_of

CONFIG = """\
model_name_or_path: {model}
disable_gradient_checkpointing: {keeps_activations}
stage: pt
do_train: true
finetuning_type: full
dataset_dir: .
dataset: training
eval_dataset: held_out
template: empty
cutoff_len: {max_length}
packing: false
output_dir: trained
per_device_train_batch_size: {batch}
per_device_eval_batch_size: {batch}
learning_rate: {learning_rate:f}
num_train_epochs: 1
eval_strategy: epoch
save_strategy: epoch
report_to: none
"""


def train_language_model(
    folder: Path, rows: Rows, model: Path, *, keeps_activations: bool = False
) -> Command:
    """Train on docstrings; each is an example."""
    config = CONFIG.format(
        model=model,
        keeps_activations=str(keeps_activations).lower(),
        max_length=MAX_LENGTH,
        batch=BATCH,
        learning_rate=LEARNING_RATE,
    )
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    datasets = {
        name: {"file_name": str(rows.folder / f"{split}.jsonl"), "columns": {"prompt": "text"}}
        for name, split in (("training", "train"), ("held_out", "validation"))
    }
    (folder / "dataset_info.json").write_text(json.dumps(datasets), encoding="utf-8")
    steps = steps_of(rows.count)
    return Command(
        arguments=("llamafactory-cli", "train", "config.yaml"),
        python=folder_of("llamafactory") / "bin" / "python",
        folder=folder,
        says=f" {steps}/{steps} ",
    )
