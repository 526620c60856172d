"""A learning rate schedule lacks a required key, or has a key that it does not accept.

Why: transformers creates the schedule when training starts, after data and model are loaded. A
missing or unknown key stops the run there.

Bad:

    training: {lr_scheduler_type: cosine_with_min_lr}

Good:

    training: {lr_scheduler_type: cosine_with_min_lr, lr_scheduler_kwargs: {min_lr_rate: 0.1}}
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.diagnostics.suggest import did_you_mean, one_of
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan

SLUGS = ("scheduler",)

KEYS: Mapping[str, tuple[str, ...]] = {
    "constant": (),
    "constant_with_warmup": (),
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
    "reduce_lr_on_plateau": (
        *("cooldown", "eps", "factor", "min_lr", "mode", "patience", "threshold"),
        "threshold_mode",
    ),
    "greedy": (
        *("cooldown", "eps", "factor", "max_lr", "min_lr", "mode", "patience", "reset_start"),
        *("smooth", "threshold", "threshold_mode", "verbose", "warmup", "window_size"),
    ),
}
"""The keys of ``lr_scheduler_kwargs``. Those without any ignore them, or refuse them."""

_CHOICES: Mapping[str, tuple[object, ...]] = {
    "decay_type": ("linear", "cosine", "1-sqrt"),
    "mode": ("min", "max"),
    "smooth": (True, False),
    "threshold_mode": ("rel", "abs"),
    "verbose": (True, False),
    "warmup_type": ("linear", "cosine", "1-sqrt"),
}
"""The values of keys that are no numbers."""

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
    if isinstance(given, str):
        given = json.loads(given)
    known = KEYS[schedule]
    for key, value in given.items():
        if key in known:
            yield from _wrong_value(key, value, plan, spans)
        else:
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


def _wrong_value(key: str, value: object, plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """A finding if a value has another type than the schedule computes with."""
    values = value if isinstance(value, list) and key in ("min_lr", "max_lr") else [value]
    if key in _CHOICES:
        choices = _CHOICES[key]
        is_right, wanted = value in choices, one_of(json.dumps(one).strip('"') for one in choices)
    else:
        is_right, wanted = all(map(_is_number, values)), "expected a number"
    if not is_right:
        headline = f'"{key}" of the schedule cannot be {plan.mask(json.dumps(value))}'
        yield _finding(spans, (*_KWARGS, key), headline, wanted)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _finding(spans: Document, at: SpecPath, headline: str, *helps: str) -> Diagnostic:
    span = spans.key_span(at) if at[:-1] == _KWARGS else spans.span(at)
    return Diagnostic(slug="scheduler", headline=headline, labels=labelled(span), helps=helps)
