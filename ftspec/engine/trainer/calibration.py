"""What one more micro-batch costs on this machine, in tokens."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from accelerate.utils import send_to_device

from ftspec.engine.batching.micro_batches import tokens_of
from ftspec.engine.batching.out_of_memory import free_memory, is_out_of_memory
from ftspec.engine.batching.packed_sequence import Batch
from ftspec.engine.batching.row_lengths import first_rows, lengths_of_rows
from ftspec.engine.batching.split_by_length import NEVER_SPLIT
from ftspec.engine.processes.agreement import of_first_process
from ftspec.engine.trainer.measurements import describe, recall, remember
from ftspec.engine.trainer.trainer import StepTrainer

_OVERHEAD: Final = "micro-batch-overhead"

_ENOUGH = 4.0  # times the time of the smallest batch show the slope despite noise
_AT_FIRST = 2  # timings of a size, before it may be enough: one may have been disturbed
_ROUNDS = 5
_SECONDS = 5.0  # after which no larger batch is tried, and none again


class Timing(NamedTuple):
    """How long a batch took, forward and backward."""

    tokens: int
    seconds: float


def settle_overhead(trainer: StepTrainer, wanted: int | None, recorded: int | None) -> str | None:
    """Set the micro-batch overhead of a Trainer: what the spec says, or what the resumed run
    recorded, or what was measured before for such a model on such a machine, or what is measured
    now. Returns a note, unless it was known.

    All processes get that of the first.
    """
    micro_batching = trainer.micro_batching
    if micro_batching is None:
        return None
    known = recorded if wanted is None else wanted
    if known is not None:
        micro_batching.overhead_tokens = known
        return None
    if not trainer.pads:  # steps are split only if memory asks for it
        return None
    about = describe(trainer)
    overhead: int | None = of_first_process(trainer, recall(_OVERHEAD, about))
    if overhead is None:
        overhead = of_first_process(trainer, measure_overhead(trainer))
        if overhead is None:
            return None
        remember(_OVERHEAD, about, overhead)
    micro_batching.overhead_tokens = overhead
    if overhead == NEVER_SPLIT:
        return "micro-batch overhead: a few rows take as long as a whole step, so steps stay whole"
    return f"micro-batch overhead: about {overhead:,} tokens"


def measure_overhead(trainer: StepTrainer) -> int | None:
    """Time a few batches of growing size, and find what they take in addition to their tokens.
    ``None`` where memory has room for one row only.

    The model, its gradients and the random numbers are the same afterwards.
    """
    # engines that shard weights wrap the model when training begins
    if trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled:
        return NEVER_SPLIT
    timings = _time_batches(trainer)
    return overhead_tokens(timings) if len(timings) > 1 else None


def overhead_tokens(timings: Sequence[Timing]) -> int:
    """The tokens that take as long as a micro-batch without any tokens would.

    Read from the straight line through the shortest and the longest timing, and rounded to a power
    of four: two runs that measure slightly different times mostly split alike.
    """
    first, last = timings[0], timings[-1]
    if last.seconds <= first.seconds or last.tokens <= first.tokens:
        return NEVER_SPLIT
    per_token = (last.seconds - first.seconds) / (last.tokens - first.tokens)
    tokens = first.seconds / per_token - first.tokens
    power = round(math.log(max(tokens, 1.0), 4))
    return int(min(NEVER_SPLIT, 4**power))


def _time_batches(trainer: StepTrainer) -> list[Timing]:
    model: Any = trainer.model
    was_training = model.training
    device = trainer.args.device
    devices = [device] if device.type != "cpu" else []
    with torch.random.fork_rng(devices, device_type=device.type):
        model.train()
        timings = _Stopwatch(trainer).time_all()
        model.zero_grad()
        model.train(was_training)
    return timings


class _Stopwatch:
    """Times batches of growing size, each in several rounds: if the machine is busy for a while,
    that slows all of them alike."""

    def __init__(self, trainer: StepTrainer) -> None:
        self._trainer = trainer
        self._columns = trainer.task.length_columns
        self._batches: list[Batch] = []
        self._seconds: list[list[float]] = []
        self._began = 0.0

    def time_all(self) -> list[Timing]:
        """The best time of each size."""
        rows = first_rows(self._trainer.train_dataset, self._trainer.loaders.rows_of_own_step)
        rows = [rows[at] for at in np.argsort(lengths_of_rows(rows, self._columns).sum(axis=1))]
        self._began = time.perf_counter()  # a stream may take long to give its first rows
        for count in _sizes(len(rows)):
            start = (len(rows) - count) // 2  # rows of medium length, which pad little
            if not self._grow(rows[start : start + count]):
                break
        self._repeat()
        return [
            Timing(tokens_of(batch, self._columns), min(seconds))
            for batch, seconds in zip(self._batches, self._seconds, strict=True)
        ]

    def _grow(self, rows: list[dict[str, Any]]) -> bool:
        """Time a batch of these rows; whether larger ones are worth a try."""
        device = self._trainer.args.device
        batch = send_to_device(dict(self._trainer.data_collator(rows)), device)
        most = self._trainer.loaders.most_tokens
        if len(self._batches) > 1 and tokens_of(batch, self._columns) > most:
            return False
        seconds = self._time(batch, 1 + _AT_FIRST)
        if seconds is None:
            free_memory()
            return False
        self._batches.append(batch)
        self._seconds.append(seconds[1:])  # the first time kernels of a new size are loaded
        is_enough = min(self._seconds[-1]) > _ENOUGH * min(self._seconds[0])
        return not (is_enough or self._is_late())

    def _repeat(self) -> None:
        timed = list(zip(self._batches, self._seconds, strict=True))
        for batch, known in timed * (_ROUNDS - _AT_FIRST):
            seconds = None if self._is_late() else self._time(batch, 1)
            if seconds is None:
                return
            known += seconds

    def _is_late(self) -> bool:
        return time.perf_counter() - self._began > _SECONDS

    def _time(self, batch: Batch, times: int) -> list[float] | None:
        """Seconds of a batch, forward and backward, so many times; ``None`` if it does not fit."""
        model: Any = self._trainer.model
        device = self._trainer.args.device
        seconds = []
        for _ in range(times):
            start = time.perf_counter()
            try:
                self._learn(batch)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                model.zero_grad()
                return None
            if device.type != "cpu":
                torch.accelerator.synchronize(device)
            seconds.append(time.perf_counter() - start)
        return seconds

    def _learn(self, batch: Batch) -> None:
        trainer = self._trainer
        model: Any = trainer.model
        with trainer.accelerator.autocast(), trainer.compute_loss_context_manager():
            loss = trainer.compute_loss(model, dict(batch))
        loss.backward()


def _sizes(rows: int) -> list[int]:
    return [2**power for power in range(rows.bit_length()) if 2**power < rows] + [rows]
