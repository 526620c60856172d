"""The task of a plan, with the lengths to which it truncates."""

from __future__ import annotations

from functools import partial
from typing import cast

from transformers import PretrainedConfig, PreTrainedTokenizerBase

from ftspec.engine.components.factories import build, make_contexts
from ftspec.engine.model.checkpoint import Checkpoint
from ftspec.engine.model.length_limits import Lengths, resolve_lengths
from ftspec.engine.progress.run_log import Note
from ftspec.planning.plan import Plan
from ftspec.protocols import Task, TaskContext


def lengths_of(
    plan: Plan, tokenizer: PreTrainedTokenizerBase, config: PretrainedConfig, note: Note
) -> Lengths:
    """The maximum number of tokens of inputs and of targets."""
    return resolve_lengths(plan.tokenizer.config, plan.tokenizer.at, tokenizer, config, note)


def build_task(
    plan: Plan,
    tokenizer: PreTrainedTokenizerBase,
    lengths: Lengths,
    note: Note,
    checkpoint: Checkpoint | None = None,
    checkpoint_labels: tuple[str, ...] = (),
) -> Task:
    """The task of a plan, for training on the weights of a ``checkpoint`` or for prediction."""
    context = partial(
        TaskContext,
        tokenizer=tokenizer,
        max_length=lengths.inputs,
        max_target_length=lengths.targets,
        checkpoint=checkpoint.name if checkpoint is not None else None,
        revision=checkpoint.revision if checkpoint is not None else None,
        checkpoint_labels=checkpoint_labels,
    )
    return cast(Task, build(plan.task, make_contexts(plan, note, context)))
