"""Which way a run batches."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from datasets import Dataset, IterableDataset

from ftspec.engine.arguments import rows_per_batch
from ftspec.engine.batching.evaluation import EvaluationByLength
from ftspec.engine.batching.exact import ExactBatching
from ftspec.engine.progress import RunLog
from ftspec.engine.trainer import BatchMeanLoss
from ftspec.planning.plan import Plan
from ftspec.protocols import Task

DEFAULT_COST_PER_CUT = 64
"""Tokens, until somebody measures: about right for a small encoder on two CPU cores."""


@dataclass(frozen=True)
class Batching:
    """The class mixed into the Trainer, and what it is made with."""

    mixin: type[BatchMeanLoss]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def whole_steps(self) -> bool:
        """Whether the data loader gives all the rows of a step at once."""
        return issubclass(self.mixin, ExactBatching)


def choose_batching(
    plan: Plan, task: Task, rows: Dataset | IterableDataset, log: RunLog
) -> Batching:
    """What the spec asks for, where the task and its rows allow it; else padded batches."""
    performance = plan.performance
    options: dict[str, Any] = {"warn": log.warn}
    if performance.batching == "padded":
        return Batching(BatchMeanLoss, options)
    # the launcher's word: asking accelerate would set it up before its settings are known
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    why_not = _reason_not_to_cut(task, rows, processes)
    if why_not is not None:
        if performance.batching == "exact":
            log.note(f"batches are padded, not cut: {why_not}")
        return Batching(BatchMeanLoss, options)
    if performance.batching == "grouped":
        return Batching(EvaluationByLength, options)
    cost = performance.cost_per_cut
    options |= {
        "cost_per_cut": DEFAULT_COST_PER_CUT if cost is None else cost,
        "max_tokens": performance.max_tokens_per_device,
        "rows_per_batch": rows_per_batch(plan),
    }
    return Batching(ExactBatching, options)


def _reason_not_to_cut(task: Task, rows: Dataset | IterableDataset, processes: int) -> str | None:
    if not task.rows_are_independent:
        return "the loss of a row depends on the other rows of its batch"
    # a stream that was encoded knows its columns when it is read
    known: Collection[str] = rows.column_names or next(iter(rows), {})
    if not task.length_columns or any(name not in known for name in task.length_columns):
        return "the rows have no lengths to cut by"
    if processes > 1 and isinstance(rows, IterableDataset):
        return "several processes read one stream"
    return None
