"""What one more micro-batch costs on this machine, in tokens."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from accelerate.utils import send_to_device
from torch import nn
from transformers import Trainer

from ftspec.engine.batching.micro_batches import Batch, tokens_of
from ftspec.engine.batching.out_of_memory import free_memory, is_out_of_memory
from ftspec.engine.batching.row_lengths import first_rows, lengths_of_rows
from ftspec.engine.batching.split_by_length import NEVER_CUT
from ftspec.engine.processes.agreement import of_first_process
from ftspec.engine.trainer.exact_batching import ExactBatching
from ftspec.engine.trainer.known_overheads import recall, remember, what_is_measured

_ENOUGH = 4.0  # times the time of the smallest batch tell the slope from noise
_AT_FIRST = 2  # of a size, before it is said to be enough: one may have been disturbed
_ROUNDS = 5
_SECONDS = 5.0  # after which no larger batch is tried, and none again


class Timing(NamedTuple):
    """How long a batch took, forward and backward."""

    tokens: int
    seconds: float


def settle_overhead(trainer: Trainer, wanted: int | None, recorded: int | None) -> str | None:
    """Give a Trainer that cuts its steps the cost that the spec wants, or that the run recorded
    which is resumed, or that was measured before for such a model on such a machine, or that is
    measured now; in words, what it is where nobody said it.

    All processes get that of the first.
    """
    if not isinstance(trainer, ExactBatching):
        return None
    known = recorded if wanted is None else wanted
    if known is not None:
        trainer.overhead_tokens = known
        return None
    if not trainer.pads:  # cuts save nothing: there are no more than memory asks for
        return None
    measured = what_is_measured(trainer)
    cost = of_first_process(trainer, recall(measured))
    if cost is None:
        cost = of_first_process(trainer, measure_overhead(trainer))
        if cost is None:
            return None
        remember(measured, cost)
    trainer.overhead_tokens = cost
    if cost == NEVER_CUT:
        return "a few rows take as long as a whole step: steps are computed in one batch"
    return f"a micro-batch costs as much as {cost:,} tokens beside its own"


def measure_overhead(trainer: ExactBatching) -> int | None:
    """Compute a few batches of growing size and see what they take beside their tokens; nothing
    where memory has room for one row only.

    The model, its gradients and the random numbers are afterwards as they were.
    """
    # engines that shard weights wrap the model when training begins
    if trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled:
        return NEVER_CUT
    with trainer.drawing_masks():
        timings = _time_batches(trainer)
    return overhead_tokens(timings) if len(timings) > 1 else None


def overhead_tokens(timings: Sequence[Timing]) -> int:
    """The tokens that take as long as a micro-batch without any would.

    Of the line through the shortest and the longest timing, rounded to a power of four: where two
    runs measure a little different, they mostly cut alike.
    """
    first, last = timings[0], timings[-1]
    if last.seconds <= first.seconds or last.tokens <= first.tokens:
        return NEVER_CUT
    per_token = (last.seconds - first.seconds) / (last.tokens - first.tokens)
    tokens = first.seconds / per_token - first.tokens
    power = round(math.log(max(tokens, 1.0), 4))
    return int(min(NEVER_CUT, 4**power))


def _time_batches(trainer: ExactBatching) -> list[Timing]:
    """The best of a few rounds over all sizes: what else the machine does for a while then slows
    all of them alike."""
    model: Any = trainer.model
    columns = trainer.task.length_columns
    rows = first_rows(trainer.train_dataset, trainer.args.train_batch_size)
    rows = [rows[at] for at in np.argsort(lengths_of_rows(rows, columns).sum(axis=1))]
    was_training = model.training
    device = trainer.args.device
    batches: list[Batch] = []
    seconds: list[list[float]] = []
    with torch.random.fork_rng([device] if device.type != "cpu" else [], device_type=device.type):
        model.train()
        began = time.perf_counter()
        for count in _sizes(len(rows)):
            start = (len(rows) - count) // 2  # rows of middling length, which pad little
            batch = send_to_device(dict(trainer.data_collator(rows[start : start + count])), device)
            if len(batches) > 1 and tokens_of(batch, columns) > trainer.most_tokens:
                break
            taken = _time(trainer, model, batch, 1 + _AT_FIRST)
            if taken is None:
                free_memory()
                break
            batches.append(batch)
            seconds.append(taken[1:])  # kernels of a new size are made or loaded first
            is_enough = min(seconds[-1]) > _ENOUGH * min(seconds[0])
            if is_enough or time.perf_counter() - began > _SECONDS:
                break
        for batch, known in list(zip(batches, seconds, strict=True)) * (_ROUNDS - _AT_FIRST):
            if time.perf_counter() - began > _SECONDS:
                break
            taken = _time(trainer, model, batch, 1)
            if taken is None:
                break
            known += taken
        model.zero_grad()
        model.train(was_training)
    return [
        Timing(tokens_of(batch, columns), min(taken))
        for batch, taken in zip(batches, seconds, strict=True)
    ]


def _sizes(rows: int) -> list[int]:
    return [2**power for power in range(rows.bit_length()) if 2**power < rows] + [rows]


def _learn(trainer: ExactBatching, model: nn.Module, batch: Batch) -> None:
    with trainer.accelerator.autocast(), trainer.compute_loss_context_manager():
        loss = trainer.compute_loss(model, dict(batch))
    loss.backward()


def _time(trainer: ExactBatching, model: nn.Module, batch: Batch, times: int) -> list[float] | None:
    """Seconds of a batch, forward and backward, so many times; nothing where memory is too small
    for it."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        try:
            _learn(trainer, model, batch)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            model.zero_grad()
            return None
        if trainer.args.device.type != "cpu":
            torch.accelerator.synchronize(trainer.args.device)
        seconds.append(time.perf_counter() - start)
    return seconds
