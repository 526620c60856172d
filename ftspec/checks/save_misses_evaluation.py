"""The best model is loaded at the end, but evaluations and checkpoints are at different steps.

Why: transformers refuses such settings, but only after importing all libraries. By default it saves
every 500 steps, regardless of when it evaluates.

Bad:

    training: {eval_strategy: epoch, load_best_model_at_end: true}

Good:

    training: {eval_strategy: epoch, save_strategy: epoch, load_best_model_at_end: true}
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, isfinite
from typing import Any

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan
from ftspec.spec.training import with_defaults

SLUGS = ("save-misses-evaluation",)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare when the Trainer saves with when it evaluates, as ``TrainingArguments`` does."""
    training = with_defaults(plan.training)
    evaluates, saves = training["eval_strategy"], training["save_strategy"]
    if not training["load_best_model_at_end"] or evaluates == "no" or saves == "best":
        return
    if evaluates != saves:
        yield Diagnostic(
            slug="save-misses-evaluation",
            headline=f'the best model is loaded at the end, but save_strategy is "{saves}" '
            f'and eval_strategy is "{evaluates}"',
            labels=labelled(spans.span(_written(spans, "save_strategy", "eval_strategy"))),
            helps=(f'write "save_strategy: {evaluates}"',),
        )
        return
    if evaluates != "steps":
        return
    every, save_every = training["eval_steps"] or training["logging_steps"], training["save_steps"]
    if every and isfinite(every) and isfinite(save_every) and not _meets(save_every, every):
        whole = min(every, save_every) >= 1
        wanted = f"{ceil(save_every / every) * every:g}" if whole else f"{every:g}"
        yield Diagnostic(
            slug="save-misses-evaluation",
            headline=f"the best model is loaded at the end, but saving every {save_every:g} steps "
            f"misses evaluations every {every:g}",
            labels=labelled(
                spans.span(_written(spans, "save_steps", "eval_steps", "logging_steps"))
            ),
            helps=(f'write "save_steps: {wanted}", or any multiple of {every:g}',),
        )


def _meets(save_every: Any, every: Any) -> bool:
    if save_every % every == 0:
        return True
    if save_every >= 1 or every >= 1:
        return False
    return bool(save_every * 1_000_000 % (every * 1_000_000) == 0)


def _written(spans: Document, *names: str) -> SpecPath:
    """The first of these settings that the spec has, or else ``eval_strategy``."""
    written = (("training", name) for name in names if spans.node(("training", name)) is not None)
    return next(written, ("training", "eval_strategy"))
