"""Errors and messages when memory is too small for a batch."""

from __future__ import annotations

import gc

import torch
from accelerate.utils.memory import clear_device_cache, should_reduce_batch_size

from ftspec.errors import RunError

_SHORTER = 'set a smaller "max_length" in the tokenizer section'


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory ran out, of a device or of the CPU."""
    return isinstance(error, torch.OutOfMemoryError) or should_reduce_batch_size(error)


def free_memory() -> None:
    """Free what a failed batch held. Call it when nothing refers to its error any more."""
    gc.collect()
    clear_device_cache()


def row_too_large(tokens: int) -> RunError:
    """A single row does not fit, and a batch cannot be smaller."""
    return RunError(
        f"memory is too small for one row of {tokens:,} tokens",
        slug="out-of-memory",
        at=("tokenizer",),
        helps=(_SHORTER,),
    )


def too_large_to_train(smaller: int | None) -> RunError:
    """Memory ran out in training, and nothing smaller can be tried. ``smaller`` is the number of
    tokens of the next smaller micro-batch, if steps are split into micro-batches."""
    limit = 'set a smaller "per_device_train_batch_size" in the training section'
    if smaller is None:
        limit += ', and "global_batch_size" for a step of as many rows'
    else:
        limit = (
            f'write "performance: {{max_tokens_per_device: {smaller}}}" for smaller micro-batches'
        )
    return RunError(
        "memory ran out in training where smaller micro-batches cannot be tried",
        slug="out-of-memory",
        at=("training",),
        helps=(
            limit,
            'write "gradient_checkpointing: true" in the training section: slower in less memory',
            _SHORTER,
        ),
    )


def too_large_to_evaluate() -> RunError:
    """Memory ran out in evaluation, and no smaller batches can be tried."""
    return RunError(
        "memory ran out in evaluation where smaller batches cannot be tried",
        slug="out-of-memory",
        at=("training",),
        helps=(
            'set a smaller "per_device_eval_batch_size" in the training section',
            'write "eval_accumulation_steps: 1" there: predictions leave the device at once',
            _SHORTER,
        ),
    )
