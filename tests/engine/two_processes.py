"""Trains tiny models with the Trainer of the engine, in one process or in several.

``python -m torch.distributed.run --nproc-per-node 2 -m tests.engine.two_processes FOLDER`` writes
what the first process logged to ``FOLDER/logs.json``; the test trains the same in its own process.
``FOLDER`` holds the models and their rows.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import datasets
import torch
import transformers
from transformers import AutoConfig, AutoTokenizer, TrainingArguments, set_seed

from ftspec.api import ComponentConfig, TaskContext
from ftspec.builtin.tasks.config import TextClassificationConfig, TextGenerationConfig
from ftspec.builtin.tasks.text_classification import TextClassification
from ftspec.builtin.tasks.text_generation import TextGeneration
from ftspec.engine.trainer import trainer_class_for

ROWS_OF_A_STEP = 8
STEPS = 6
EVALUATED = 11
"""Not a multiple of the rows that two processes evaluate at once."""

CASES: dict[str, tuple[str, str, ComponentConfig, str, dict[str, float]]] = {
    "bert": (
        "glosses.jsonl",
        "AutoModelForSequenceClassification",
        TextClassificationConfig(),
        "topic",
        {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0},
    ),
    "gpt2": (
        "paragraphs.jsonl",
        "AutoModelForCausalLM",
        TextGenerationConfig(packing=False),
        "",
        {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0},
    ),
}
"""For each model its rows, auto class, task, column of labels, and dropout."""


def train_all(folder: Path, processes: int) -> dict[str, list[dict[str, Any]]]:
    """What is logged for each model, with the rows of a step in one batch for each process and,
    where there are several processes, also in two."""
    logs = {}
    for name in CASES:
        for accumulation in (1, 2) if processes > 1 else (1,):
            logs[f"{name} x {accumulation}"] = train(folder, name, processes, accumulation)
    return logs


def train(folder: Path, name: str, processes: int, accumulation: int) -> list[dict[str, Any]]:
    """What is logged for one model."""
    file, auto_class, config, label, dropout = CASES[name]
    tokenizer = AutoTokenizer.from_pretrained(folder / name)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    context = TaskContext(
        section=("task",),
        seed=1,
        note=lambda text: None,
        children={},
        tokenizer=tokenizer,
        max_length=40,
        max_target_length=24,
    )
    task: Any = (TextClassification if label else TextGeneration)(config, context)  # type: ignore[arg-type]
    lines = (folder / file).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    columns = {"text": "text"} | ({"label": label} if label else {})
    fields = {field: [row[column] for row in rows] for field, column in columns.items()}
    task.fit(datasets.Dataset.from_dict(fields), None)
    encoded = datasets.Dataset.from_dict(dict(task.encode(fields)))
    set_seed(1)
    model_config = AutoConfig.from_pretrained(folder / name)
    model_config.update({**task.model_settings(), **dropout})
    model = getattr(transformers, auto_class).from_pretrained(folder / name, config=model_config)
    trained = ROWS_OF_A_STEP * STEPS
    trainer = trainer_class_for(task.trainer_class)(
        model=model,
        args=TrainingArguments(
            output_dir=str(folder / "output"),
            per_device_train_batch_size=ROWS_OF_A_STEP // processes // accumulation,
            gradient_accumulation_steps=accumulation,
            per_device_eval_batch_size=2,
            max_steps=STEPS,
            logging_steps=1,
            learning_rate=1e-3,
            eval_strategy="no",
            save_strategy="no",
            prediction_loss_only=True,
            remove_unused_columns=False,
            report_to=[],
            disable_tqdm=True,
            use_cpu=True,
            ddp_backend="gloo" if processes > 1 else None,
            seed=1,
        ),
        data_collator=task.collator(model),
        train_dataset=encoded.select(range(trained)),
        eval_dataset=encoded.select(range(trained, trained + EVALUATED)),
        task=task,
        loss_metrics=lambda loss: {},
    )
    trainer.train()
    trainer.evaluate()
    logs: list[dict[str, Any]] = trainer.state.log_history
    return logs


def main() -> None:
    """Train in this process, which the launcher started with others."""
    folder = Path(sys.argv[1])
    torch.set_num_threads(1)
    logs = train_all(folder, int(os.environ["WORLD_SIZE"]))
    if os.environ["RANK"] == "0":
        (folder / "logs.json").write_text(json.dumps(logs), encoding="utf-8")
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
