"""The tokenizer of a plan, ready to pad."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import cast

from transformers import PreTrainedTokenizerBase

from ftspec.engine.components.factories import build, make_contexts
from ftspec.engine.model.checkpoint import Checkpoint, locate
from ftspec.engine.progress.run_log import Note
from ftspec.errors import RunError
from ftspec.planning.plan import Plan
from ftspec.protocols import TokenizerContext


def build_tokenizer(
    plan: Plan,
    checkpoint: Checkpoint | None,
    texts: Callable[[], Iterator[list[str]]],
    note: Note,
) -> PreTrainedTokenizerBase:
    """The tokenizer of a plan, with a padding token."""
    context = partial(
        TokenizerContext,
        checkpoint=checkpoint.name if checkpoint is not None else None,
        revision=checkpoint.revision if checkpoint is not None else None,
        trust_remote_code=plan.model.trust_remote_code,
        texts=texts,
    )
    planned = plan.tokenizer
    own = getattr(planned.config, "checkpoint", None)
    if own is not None:
        located = locate(
            own, getattr(planned.config, "revision", None), (*planned.at, "checkpoint")
        )
        planned = replace(
            planned, config=planned.config.model_copy(update={"checkpoint": located.name})
        )
    tokenizer = cast(PreTrainedTokenizerBase, build(planned, make_contexts(plan, note, context)))
    if tokenizer.pad_token is None:
        if tokenizer.eos_token is None:
            raise RunError(
                "the tokenizer has neither a padding nor an end-of-text token",
                slug="no-pad-token",
                at=planned.at,
            )
        tokenizer.pad_token = tokenizer.eos_token
        note(
            "the tokenizer has no padding token: rows are padded with its end-of-text token "
            f'"{tokenizer.eos_token}"; padding does not count in the loss'
        )
    return tokenizer


def forget_lengths(tokenizer: PreTrainedTokenizerBase) -> None:
    """Remove the last truncation and padding settings of a fast tokenizer, which would be saved."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        backend.no_truncation()
        backend.no_padding()
