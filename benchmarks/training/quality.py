"""The quality of a trained model on held-out rows, measured in the same way for all."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from accelerate.utils import send_to_device

from benchmarks.training.encoded import collator, encode, load_model, load_tokenizer
from benchmarks.training.job import Job
from benchmarks.training.raw_loop import items_of

_ROWS = 8


class Quality(NamedTuple):
    """The mean loss of the held-out rows or tokens, and the accuracy of a classifier."""

    loss: float
    accuracy: float | None


def measure_quality(job: Job, held_out: Path) -> Quality:
    """Evaluate the model that the job saved, in fp32."""
    tokenizer = load_tokenizer(job)
    device = torch.accelerator.current_accelerator() or torch.device("cpu")
    model = load_model(job, job.trained).eval().to(device)
    is_classifier = job.learned.task == "text-classification"
    names = [model.config.id2label[at] for at in sorted(model.config.id2label)]
    rows = encode(job, tokenizer, file=held_out, labels=names if is_classifier else None)
    collate = collator(job, tokenizer, model)
    ordered = sorted(range(len(rows)), key=lambda row: len(rows[row]["input_ids"]))
    loss = items = right = 0.0
    for start in range(0, len(ordered), _ROWS):
        batch = send_to_device(
            dict(collate([rows[row] for row in ordered[start : start + _ROWS]])), device
        )
        with torch.inference_mode():
            given = model(**batch)
        own = items_of(job, batch)
        loss, items = loss + float(given.loss) * own, items + own
        if is_classifier:
            right += int((given.logits.argmax(-1) == batch["labels"]).sum())
    return Quality(loss / items, right / len(rows) if is_classifier else None)
