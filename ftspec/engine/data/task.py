"""The task of a plan, with the lengths it cuts to."""

from __future__ import annotations

from typing import Any, cast

from transformers import PretrainedConfig, PreTrainedTokenizerBase

from ftspec.components import TokenizerConfig
from ftspec.document.paths import SpecPath
from ftspec.engine.components.factories import build
from ftspec.engine.model.length_limits import Lengths, resolve_lengths
from ftspec.engine.progress.run_log import Note
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.protocols import Task, TaskContext


def lengths_of(
    plan: Plan, tokenizer: PreTrainedTokenizerBase, config: PretrainedConfig, note: Note
) -> Lengths:
    """How many tokens inputs and targets have at most."""
    wanted = plan.tokenizer.config
    assert isinstance(wanted, TokenizerConfig)
    return resolve_lengths(wanted, plan.tokenizer.at, tokenizer, config, note)


def build_task(
    plan: Plan, tokenizer: PreTrainedTokenizerBase, lengths: Lengths, note: Note
) -> Task:
    """The task of a plan."""

    def context(planned: PlannedComponent, children: dict[SpecPath, Any]) -> TaskContext:
        return TaskContext(
            section=planned.at,
            seed=plan.seed,
            note=note,
            children=children,
            tokenizer=tokenizer,
            max_length=lengths.inputs,
            max_target_length=lengths.targets,
        )

    return cast(Task, build(plan.task, context))
