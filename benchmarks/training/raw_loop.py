"""The upper bound: a PyTorch loop over the micro-batches of ``ftspec run``, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from datasets import Dataset
from transformers import set_seed

from benchmarks.training.encoded import collator, encode, load_model_to_train, load_tokenizer
from benchmarks.training.job import Job, Trained
from benchmarks.training.scripts import count, wait_for_device
from ftspec.engine.batching.collator import MicroBatchCollator
from ftspec.engine.batching.micro_batches import Form, MicroBatches
from ftspec.engine.batching.split_by_length import NEVER_SPLIT, Costs
from ftspec.engine.trainer.packing import prepare_for


def raw_loop_bf16(job: Job) -> Trained:
    """In bf16."""
    return _train(job, torch.bfloat16)


def raw_loop_fp32(job: Job) -> Trained:
    """In fp32."""
    return _train(job, None)


def _train(job: Job, precision: torch.dtype | None) -> Trained:
    set_seed(job.seed)
    family = job.learned
    device = torch.accelerator.current_accelerator() or torch.device("cpu")
    tokenizer = load_tokenizer(job)
    rows = encode(job, tokenizer)
    model = load_model_to_train(job).to(device)
    if job.overhead_tokens is None:
        prepare_for(model, _form_of(job))
    model.train()
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=family.learning_rate, weight_decay=0.0, fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / family.steps)
    collate = collator(job, tokenizer, model)
    steps = [
        (step, [items_of(job, batch) for batch in step], list(map(count, step)))
        for step in _steps(job, rows, collate)
    ]
    ends = []
    for step, items, _ in steps:
        for batch, own in zip(step.to(device), items, strict=True):
            with torch.autocast(device.type, precision, enabled=precision is not None):
                loss = model(**batch).loss
            (loss * own / sum(items)).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        if not ends:
            wait_for_device()
        ends.append(time.perf_counter())
    wait_for_device()
    seconds = time.perf_counter() - ends[0]
    model.save_pretrained(job.trained)
    tokenizer.save_pretrained(job.trained)
    counts = [batch for _, _, counted in steps[1:] for batch in counted]
    if _form_of(job) == "packed_layers":
        counts = [(rows, real, real) for rows, real, _ in counts]
    learned, real, padded = map(sum, zip(*counts, strict=True))
    return Trained(rows=learned, real=real, padded=padded, seconds=seconds)


def _steps(job: Job, rows: Dataset, collate: Any) -> Iterator[MicroBatches]:
    """The rows of each step as ``ftspec run`` batches them: split by length, or without padding."""
    overhead = NEVER_SPLIT if job.overhead_tokens is None else job.overhead_tokens
    packs = _form_of(job) == "packed"
    columns = job.learned.length_columns
    split = MicroBatchCollator(collate, columns, Costs(overhead, pads=not packs), packs)
    shuffled = torch.Generator().manual_seed(job.seed)  # as the Trainer does
    batch = job.learned.batch
    order = torch.randperm(len(rows), generator=shuffled).tolist()
    for start in range(0, len(order), batch):
        yield split([rows[row] for row in order[start : start + batch]])


def _form_of(job: Job) -> Form:
    """The form that the micro-batches of ``ftspec run`` have."""
    if job.overhead_tokens is not None:
        return "padded"
    return "packed" if job.learned.task == "text-generation" else "packed_layers"


def items_of(job: Job, batch: Mapping[str, torch.Tensor]) -> int:
    """How many items the loss is the mean of."""
    labels = batch["labels"]
    if job.learned.task == "text-generation":
        labels = labels[:, 1:]
    return int((labels != -100).sum())
