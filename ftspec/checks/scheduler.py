"""A learning rate schedule lacks a required key, or has a key that it does not accept.

Why: transformers creates the schedule when training starts, after data and model are loaded. A
missing or unknown key stops the run there.

Bad:

    training: {lr_scheduler_type: cosine_with_min_lr}

Good:

    training: {lr_scheduler_type: cosine_with_min_lr, lr_scheduler_kwargs: {min_lr_rate: 0.1}}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.diagnostics.suggest import did_you_mean, one_of
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan

SLUGS = ("scheduler",)

KEYS: Mapping[str, tuple[str, ...]] = {
    "linear": (),
    "cosine": ("num_cycles",),
    "cosine_with_restarts": ("num_cycles",),
    "polynomial": ("lr_end", "power"),
    "inverse_sqrt": ("timescale",),
    "cosine_with_min_lr": ("min_lr", "min_lr_rate", "num_cycles"),
    "cosine_warmup_with_min_lr": ("min_lr", "min_lr_rate", "num_cycles", "warmup_lr_rate"),
    "warmup_stable_decay": (
        *("decay_type", "min_lr_ratio", "num_cycles", "num_decay_steps", "num_stable_steps"),
        "warmup_type",
    ),
}
"""The keys of ``lr_scheduler_kwargs``. Schedules that are not listed accept any key."""

_ONE_OF = {
    "cosine_with_min_lr": ("min_lr", "min_lr_rate"),
    "cosine_warmup_with_min_lr": ("min_lr", "min_lr_rate"),
    "warmup_stable_decay": ("num_decay_steps",),
}
_BY_EVALUATION = ("greedy", "reduce_lr_on_plateau")
_TYPE: SpecPath = ("training", "lr_scheduler_type")
_KWARGS: SpecPath = ("training", "lr_scheduler_kwargs")


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare the settings of the schedule with the ones it accepts."""
    schedule = plan.training.get("lr_scheduler_type", "linear")
    given = plan.training.get("lr_scheduler_kwargs") or {}
    if schedule in _BY_EVALUATION and plan.training.get("eval_strategy", "no") == "no":
        yield _finding(
            spans,
            _TYPE,
            f'"{schedule}" needs evaluations, and there are none during training',
            'add "eval_strategy: epoch"',
        )
    if not isinstance(given, Mapping):  # JSON in a string
        return
    known = KEYS.get(schedule, tuple(given))
    for key in given:
        if key not in known:
            helps = did_you_mean(key, known) or ((one_of(known),) if known else ())
            headline = f'the schedule "{schedule}" has no key "{plan.mask(key)}"'
            yield _finding(spans, (*_KWARGS, key), headline, *helps)
    needed = _ONE_OF.get(schedule, ())
    if needed and sum(key in given for key in needed) != 1:
        wanted = " or ".join(f'"{key}"' for key in needed)
        both = "not both" if len(needed) > 1 and all(key in given for key in needed) else ""
        yield _finding(
            spans,
            _KWARGS if both else _TYPE,
            f'the schedule "{schedule}" needs {wanted}' + (f", {both}" if both else ""),
            f'write "lr_scheduler_kwargs: {{{needed[-1]}: …}}"',
        )


def _finding(spans: Document, at: SpecPath, headline: str, *helps: str) -> Diagnostic:
    span = spans.key_span(at) if at[:-1] == _KWARGS else spans.span(at)
    return Diagnostic(slug="scheduler", headline=headline, labels=labelled(span), helps=helps)
