"""Which way a run batches."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from datasets import Dataset, IterableDataset
from transformers import PretrainedConfig

from ftspec.engine.progress.run_log import RunLog
from ftspec.engine.trainer.trainer import Batching
from ftspec.planning.plan import Plan
from ftspec.protocols import Task

DEFAULT_OVERHEAD_TOKENS = 64
"""Until it is measured: about right for a small encoder on two CPU cores."""


@dataclass(frozen=True)
class BatchingChoice:
    """How a Trainer batches, and what its micro-batches are limited to."""

    batching: Batching
    overhead_tokens: int = DEFAULT_OVERHEAD_TOKENS
    max_tokens: int | None = None


def choose_batching(
    plan: Plan,
    task: Task,
    config: PretrainedConfig,
    rows: Dataset | IterableDataset,
    log: RunLog,
) -> BatchingChoice:
    """What the spec asks for, if the task, its rows and the model of this ``config`` allow it; else
    padded batches."""
    performance = plan.performance
    if performance.batching == "padded":
        return BatchingChoice("padded")
    why_not = _reason_not_to_batch_by_length(plan, task, config, rows)
    if why_not is not None:
        refused = "grouped" if performance.batching == "grouped" else "split by length"
        log.note(f"batches are padded, not {refused}: {why_not}")
        return BatchingChoice("padded")
    if performance.batching == "grouped":
        return BatchingChoice("grouped")
    overhead = performance.micro_batch_overhead_tokens
    return BatchingChoice(
        "exact",
        DEFAULT_OVERHEAD_TOKENS if overhead is None else overhead,
        performance.max_tokens_per_device,
    )


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
    # an encoded stream knows its columns only once it is read
    known: Collection[str] = rows.column_names or next(iter(rows), {})
    if not task.length_columns or any(name not in known for name in task.length_columns):
        return "the lengths of the rows are unknown"
    return None
