"""Tokenizer, model and encoded rows, made as training scripts make them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    DataCollatorForSeq2Seq,
    DataCollatorWithPadding,
    default_data_collator,
)

from benchmarks.training.job import Job


def load_tokenizer(job: Job, folder: Path | None = None) -> Any:
    """The tokenizer of the model."""
    return AutoTokenizer.from_pretrained(folder or job.model)


def load_model(job: Job, folder: Path | None = None, **options: Any) -> Any:
    """The model with the head of the family."""
    model = {
        "text-classification": AutoModelForSequenceClassification,
        "summarization": AutoModelForSeq2SeqLM,
        "text-generation": AutoModelForCausalLM,
    }[job.learned.task]
    return model.from_pretrained(folder or job.model, **options)


def label_names(file: Path) -> list[str]:
    """The labels in a classifier's rows, sorted."""
    with file.open(encoding="utf-8") as lines:
        return sorted({json.loads(line)["label"] for line in lines})


def load_model_to_train(job: Job) -> Any:
    """A model to train. A classifier gets the names of its labels."""
    if job.learned.task != "text-classification":
        return load_model(job)
    labels = label_names(Path(job.rows))
    return load_model(
        job,
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={name: number for number, name in enumerate(labels)},
    )


def encode(
    job: Job,
    tokenizer: Any,
    *,
    file: Path | None = None,
    labels: list[str] | None = None,
    max_length: int | None = None,
    pads: bool = False,
) -> Dataset:
    """Rows as the model takes them; with ``pads`` each has the maximum length."""
    family = job.learned
    longest = max_length or family.max_length
    file = file or Path(job.rows)
    rows = Dataset.from_json(str(file), cache_dir=str(Path(job.folder) / "cache"))
    padding = "max_length" if pads else False
    options: dict[str, Any] = {"truncation": True, "max_length": longest, "padding": padding}

    def classify(batch: dict[str, list[str]]) -> Any:
        names = labels or label_names(file)
        encoded = tokenizer(batch["text"], **options)
        encoded["labels"] = [names.index(name) for name in batch["label"]]
        return encoded

    def summarize(batch: dict[str, list[str]]) -> Any:
        sources = [f"summarize: {text}" for text in batch["document"]]
        encoded = tokenizer(sources, **options)
        targets = tokenizer(
            text_target=batch["summary"],
            truncation=True,
            max_length=family.max_target_length,
            padding=padding,
        )
        encoded["labels"] = [
            [token if token != tokenizer.pad_token_id else -100 for token in ids]
            for ids in targets["input_ids"]
        ]
        return encoded

    def continue_text(batch: dict[str, list[str]]) -> Any:
        return tokenizer([text + tokenizer.eos_token for text in batch["text"]], **options)

    encoder = {
        "text-classification": classify,
        "summarization": summarize,
        "text-generation": continue_text,
    }[family.task]
    return rows.map(encoder, batched=True, remove_columns=rows.column_names)


def collator(job: Job, tokenizer: Any, model: Any, *, pads: bool = True) -> Any:
    """The collator that makes a batch; without ``pads`` the rows all have the same length."""
    if job.learned.task == "text-generation":
        return DataCollatorForLanguageModeling(tokenizer, mlm=False)
    if not pads:
        return default_data_collator
    if job.learned.task == "summarization":
        return DataCollatorForSeq2Seq(tokenizer, model=model)
    return DataCollatorWithPadding(tokenizer)
