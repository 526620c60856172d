"""Which way a run batches."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from datasets import Dataset, IterableDataset
from transformers import PretrainedConfig

from ftspec.engine.progress.run_log import RunLog
from ftspec.engine.trainer.arguments import rows_per_batch
from ftspec.engine.trainer.batch_mean_loss import BatchMeanLoss
from ftspec.engine.trainer.exact_batching import ExactBatching
from ftspec.engine.trainer.grouped_batching import GroupedBatching
from ftspec.planning.plan import Plan
from ftspec.protocols import Task

DEFAULT_OVERHEAD_TOKENS = 64
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
    plan: Plan,
    task: Task,
    config: PretrainedConfig,
    rows: Dataset | IterableDataset,
    log: RunLog,
) -> Batching:
    """What the spec asks for, where the task, its rows and the model of this ``config`` allow it;
    else padded batches."""
    performance = plan.performance
    options: dict[str, Any] = {"warn": log.warn}
    if performance.batching == "padded":
        return Batching(BatchMeanLoss, options)
    is_grouped = performance.batching == "grouped"
    why_not = _reason_not_to_batch_by_length(plan, task, config, rows)
    if why_not is not None:
        log.note(f"batches are padded, not {'grouped' if is_grouped else 'cut'}: {why_not}")
        return Batching(BatchMeanLoss, options)
    if is_grouped:
        return Batching(GroupedBatching, options)
    cost = performance.micro_batch_overhead_tokens
    options |= {
        "overhead_tokens": DEFAULT_OVERHEAD_TOKENS if cost is None else cost,
        "max_tokens": performance.max_tokens_per_device,
        "rows_per_batch": rows_per_batch(plan),
    }
    return Batching(ExactBatching, options)


def _reason_not_to_batch_by_length(
    plan: Plan, task: Task, config: PretrainedConfig, rows: Dataset | IterableDataset
) -> str | None:
    if plan.performance.batching == "grouped" and isinstance(rows, IterableDataset):
        return "a stream is read in its own order"
    if not task.rows_are_independent:
        return "the loss of a row depends on the other rows of its batch"
    if getattr(config, "output_router_logits", False):
        return "the loss of the model's routers is of a whole batch"
    if plan.training.get("neftune_noise_alpha"):
        return "the noise of NEFTune depends on the width of a batch"
    # a stream that was encoded knows its columns when it is read
    known: Collection[str] = rows.column_names or next(iter(rows), {})
    if not task.length_columns or any(name not in known for name in task.length_columns):
        return "the rows have no lengths to go by"
    return None
