"""The ceiling: a loop of PyTorch over the micro-batches of ``ftspec run``, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from datasets import Dataset
from transformers import set_seed

from benchmarks.training.encoded import collator, encode, load_classifier_or, load_tokenizer
from benchmarks.training.job import Job, Trained
from benchmarks.training.scripts import count
from ftspec.engine.batching.cuts import cut, order_by_length
from ftspec.engine.batching.lengths import lengths_of_rows


def raw_loop_bf16(job: Job) -> Trained:
    """In bf16."""
    return _train(job, torch.bfloat16)


def raw_loop_fp32(job: Job) -> Trained:
    """In fp32."""
    return _train(job, None)


def _train(job: Job, precision: torch.dtype | None) -> Trained:
    set_seed(job.seed)
    family = job.learned
    tokenizer = load_tokenizer(job)
    rows = encode(job, tokenizer)
    model = load_classifier_or(job)
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=family.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: 1 - step / family.steps, last_epoch=-1
    )
    counts, ends = [], []
    for batches in _steps(job, rows, collator(job, tokenizer, model)):
        items = [items_of(job, batch) for batch in batches]
        for batch, own in zip(batches, items, strict=True):
            with torch.autocast("cpu", precision, enabled=precision is not None):
                loss = model(**batch).loss
            (loss * own / sum(items)).backward()
            counts.append(count(batch) if ends else (0, 0, 0))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        ends.append(time.perf_counter())
    model.save_pretrained(job.trained)
    tokenizer.save_pretrained(job.trained)
    learned, real, padded = map(sum, zip(*counts, strict=True))
    return Trained(rows=learned, real=real, padded=padded, seconds=ends[-1] - ends[0])


def _steps(job: Job, rows: Dataset, collate: Any) -> Iterator[list[Mapping[str, torch.Tensor]]]:
    """The rows of each step, cut as ``ftspec run`` cuts them."""
    columns = ["input_ids", "labels"] if job.family == "summarization" else ["input_ids"]
    assert job.cost_per_cut is not None
    shuffled = torch.Generator().manual_seed(job.seed)  # as the Trainer does
    order = torch.randperm(len(rows), generator=shuffled).tolist()
    batch = job.learned.batch
    for start in range(0, len(order), batch):
        drawn = [rows[row] for row in order[start : start + batch]]
        lengths = lengths_of_rows(drawn, columns)
        by_length = order_by_length(lengths)
        yield [
            collate([drawn[row] for row in by_length[first:last]])
            for first, last in cut(lengths[by_length], job.cost_per_cut)
        ]


def items_of(job: Job, batch: Mapping[str, torch.Tensor]) -> int:
    """What the loss is the mean of."""
    labels = batch["labels"]
    if job.family == "causal LM":
        labels = labels[:, 1:]
    return int((labels != -100).sum())
