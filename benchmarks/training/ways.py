"""The ways to train that are compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from benchmarks.training import raw_loop, scripts, with_ftspec
from benchmarks.training.job import Job, Trained


class Way(NamedTuple):
    """A way to train; ``skipped`` are the families for which it equals another way."""

    train: Callable[[Job], Trained]
    skipped: tuple[str, ...] = ()


WAYS = {
    "copied script": Way(scripts.copied),
    "example script": Way(scripts.example, skipped=("summarization",)),
    "Trainer, dynamic, fp32": Way(scripts.dynamic),
    "Trainer, dynamic, bf16": Way(scripts.dynamic_bf16),
    "Trainer, group_by_length, bf16": Way(scripts.grouped_bf16),
    "Trainer, batch_rebalance, bf16": Way(scripts.rebalanced_bf16),
    "ftspec run, padded, bf16": Way(with_ftspec.padded_bf16),
    "ftspec run, fp32": Way(with_ftspec.exact_fp32),
    "ftspec run": Way(with_ftspec.exact_auto),
    "raw loop, fp32": Way(raw_loop.raw_loop_fp32),
    "raw loop, bf16": Way(raw_loop.raw_loop_bf16),
}
