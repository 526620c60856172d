"""The settings of a run that change its result, as TensorBoard and other trackers compare them."""

from __future__ import annotations

from ftspec.document.paths import format_path
from ftspec.planning.difference import effective_settings
from ftspec.planning.plan import Plan

Scalar = bool | int | float | str

_ALWAYS = (
    "training.learning_rate",
    "training.lr_scheduler_type",
    "training.num_train_epochs",
    "training.global_batch_size",
    "training.per_device_train_batch_size",
    "training.weight_decay",
    "training.warmup_steps",
)
"""Shown for every run, also where a spec leaves them at their defaults."""


def hyperparameters_of(plan: Plan) -> dict[str, Scalar]:
    """The single values that the spec gives, and a few defaults, by key. Without those that only
    change speed or what is written down."""
    written = {f"training.{name}" for name in plan.training}
    found: dict[str, Scalar] = {}
    for path, value, effect in effective_settings(plan):
        key = format_path(path)
        if effect in ("speed", "record") or not isinstance(value, (bool, int, float, str)):
            continue
        if path[0] != "training" or key in written or key in _ALWAYS:
            found[key] = value
    return found
