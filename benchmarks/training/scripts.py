"""Scripts around the Trainer: the one that people copy, and better ones."""

from __future__ import annotations

import time
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import Trainer, TrainerCallback, TrainingArguments, set_seed

from benchmarks.training.encoded import collator, encode, load_model_to_train, load_tokenizer
from benchmarks.training.job import Job, Trained
from ftspec.engine.batching.micro_batches import rows_of
from ftspec.engine.batching.packed_sequence import boundaries_of


def copied(job: Job) -> Trained:
    """Every row padded to the maximum length, in fp32."""
    return _train(job, pads=True)


def dynamic(job: Job) -> Trained:
    """Rows padded to the longest of their batch, in fp32."""
    return _train(job)


def dynamic_bf16(job: Job) -> Trained:
    """Rows padded to the longest of their batch, in bf16."""
    return _train(job, bf16=True)


def grouped_bf16(job: Job) -> Trained:
    """Batches of rows of similar length, in bf16."""
    return _train(job, train_sampling_strategy="group_by_length", bf16=True)


def rebalanced_bf16(job: Job) -> Trained:
    """The rows of a step in four groups of similar length, in bf16."""
    return _train(
        job,
        train_sampling_strategy="batch_rebalance",
        gradient_accumulation_steps=4,
        bf16=True,
    )


def example(job: Job) -> Trained:
    """The defaults of transformers' example scripts, where they differ from the others here:
    ``run_glue.py`` pads and truncates to 128 tokens, ``run_clm.py`` packs rows into blocks."""
    if job.learned.task == "text-classification":
        return _train(job, pads=True, max_length=128)
    return _train(job, packs=True)


def _train(
    job: Job,
    *,
    pads: bool = False,
    packs: bool = False,
    max_length: int | None = None,
    gradient_accumulation_steps: int = 1,
    **settings: Any,
) -> Trained:
    set_seed(job.seed)
    family = job.learned
    tokenizer = load_tokenizer(job)
    rows = encode(job, tokenizer, pads=pads, max_length=max_length)
    duration = {"max_steps": family.steps}
    if packs:
        rows = _blocks(rows, family.max_length)
        duration = {"num_train_epochs": 1}
    model = load_model_to_train(job)
    arguments = TrainingArguments(
        output_dir=str(Path(job.folder) / "run"),
        per_device_train_batch_size=family.batch // gradient_accumulation_steps,
        gradient_accumulation_steps=gradient_accumulation_steps,
        learning_rate=family.learning_rate,
        seed=job.seed,
        save_strategy="no",
        report_to="none",
        use_cpu=not torch.accelerator.is_available(),
        disable_tqdm=True,
        **duration,
        **settings,
    )
    clock = Clock()
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=rows,
        data_collator=Counting(collator(job, tokenizer, model, pads=not pads), clock),
        processing_class=tokenizer,
        callbacks=[clock],
    )
    trainer.train()
    trainer.save_model(str(job.trained))
    return clock.trained()


def _blocks(rows: Dataset, size: int) -> Dataset:
    def join(batch: dict[str, list[list[int]]]) -> dict[str, list[list[int]]]:
        joined = {name: list(chain.from_iterable(values)) for name, values in batch.items()}
        whole = len(joined["input_ids"]) // size * size
        return {
            name: [values[start : start + size] for start in range(0, whole, size)]
            for name, values in joined.items()
        }

    return rows.map(join, batched=True)


class Clock(TrainerCallback):
    """Times the steps after the first.

    Attributes:
        counts: rows, real tokens and padded tokens of each batch of the data loader.
    """

    def __init__(self) -> None:
        self.counts: list[tuple[int, int, int]] = []
        self._batches_of_step = 1
        self._began = self._ended = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Record how many batches a step has."""
        self._batches_of_step = args.gradient_accumulation_steps

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Record the time from the end of the first step to that of the last."""
        if state.global_step in (1, state.max_steps):
            wait_for_device()
        self._ended = time.perf_counter()
        if state.global_step == 1:
            self._began = self._ended

    def trained(self) -> Trained:
        """What the steps took."""
        rows, real, padded = map(sum, zip(*self.counts[self._batches_of_step :], strict=True))
        return Trained(rows=rows, real=real, padded=padded, seconds=self._ended - self._began)


class Counting:
    """A collator that records how many tokens its batches have."""

    def __init__(self, collate: Any, clock: Clock) -> None:
        self._collate = collate
        self._clock = clock

    def __call__(self, rows: list[dict[str, Any]]) -> Any:
        """The batch."""
        batch = self._collate(rows)
        self._clock.counts.append(count(batch))
        return batch


def wait_for_device() -> None:
    """Wait until a GPU has computed everything that was started."""
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()


def count(batch: Any) -> tuple[int, int, int]:
    """Rows, real tokens and padded tokens of a batch, those of its targets included."""
    labels = batch["labels"]
    mask = batch.get("attention_mask")
    if mask is None:  # a packed sequence
        return rows_of(batch), int(boundaries_of(batch)[-1]), labels.numel()
    real, padded = int(mask.sum()), mask.numel()
    if labels.ndim == 2 and labels.shape != mask.shape:  # the target of a summary
        real, padded = real + int((labels != -100).sum()), padded + labels.numel()
    return mask.shape[0], real, padded
