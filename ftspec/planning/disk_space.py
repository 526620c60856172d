"""How much room on a disk a run needs for its checkpoints and its model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftspec.planning.checkpoint_weights import count_weights
from ftspec.planning.plan import Plan
from ftspec.quantities import shown_size
from ftspec.spec.base import is_local

_STATES = {"sgd": 0, "adafactor": 0, "rmsprop": 1, "adagrad": 1, "lion": 1}
"""How many numbers an optimizer keeps for each weight; two, where it is not listed."""

_NARROW = {"bfloat16": 2, "float16": 2, "bf16": 2, "fp16": 2}
_WIDE = 4
"""Bytes of a trained weight, which is loaded in single precision unless the spec says otherwise."""


@dataclass(frozen=True)
class NeededSpace:
    """Bytes on the disk of the run directory.

    Attributes:
        model: the weights.
        checkpoint: one checkpoint, with the state of its optimizer.
        checkpoints: how many there are at once; ``None`` if that depends on the number of rows.
    """

    model: int
    checkpoint: int
    checkpoints: int | None

    @property
    def least(self) -> int:
        """What a run needs to save at all."""
        return self.model + self.checkpoint * (1 if self.checkpoints else 0)

    @property
    def most(self) -> int | None:
        """What it needs at its end; ``None`` if that depends on the number of rows."""
        return None if self.checkpoints is None else self.model + self.checkpoint * self.checkpoints

    def __str__(self) -> str:
        if self.checkpoints is None:
            each = shown_size(self.checkpoint)
            return f"{each} for each checkpoint, {shown_size(self.model)} for the model"
        if self.checkpoints == 0:
            return f"{shown_size(self.model)} for the model"
        are = "1 checkpoint" if self.checkpoints == 1 else f"{self.checkpoints:,} checkpoints"
        return f"{shown_size(self.most or 0)} for {are} and the model"


def needed_space(
    weights: int, trained: int, training: Mapping[str, Any], steps: int | None
) -> NeededSpace:
    """What a run needs.

    Args:
        weights: bytes of the weights that are saved.
        trained: bytes of the weights that are trained.
        training: fields of ``TrainingArguments``; what is not there has its default.
        steps: optimizer steps of the run, if they are known.
    """
    state = 0 if training.get("save_only_model") else _state_of(trained, training)
    return NeededSpace(weights, weights + state, _checkpoints(training, steps))


def space_of_plan(plan: Plan) -> NeededSpace | None:
    """What a run needs, as far as can be seen without its libraries: ``None`` unless the whole
    model is trained, from a checkpoint on this machine."""
    named = plan.model.checkpoint
    if named is None or not is_local(named) or plan.adapter is not None:
        return None
    size = count_weights(Path(named).expanduser()) * _NARROW.get(str(plan.model.dtype), _WIDE)
    if not size:
        return None
    return needed_space(size, size, plan.training, None)


def _state_of(trained: int, training: Mapping[str, Any]) -> int:
    """Bytes of the state of the optimizer."""
    name = str(training.get("optim", "adamw_torch_fused"))
    states = next((count for start, count in _STATES.items() if start in name), 2)
    for suffix, share in (("8bit", 4), ("4bit", 8)):
        if suffix in name:
            return states * trained // share
    return states * trained


def _checkpoints(training: Mapping[str, Any], steps: int | None) -> int | None:
    """How many checkpoints are on the disk at once: one is removed when its successor is there."""
    strategy = str(training.get("save_strategy", "steps"))
    if strategy == "no":
        return 0
    saves = _saves(strategy, training, steps)
    limit = training.get("save_total_limit")
    if not limit:
        return saves
    # the best one is kept beside the latest
    kept = max(int(limit), 2 if training.get("load_best_model_at_end") else 1) + 1
    return kept if saves is None else min(kept, saves)


def _saves(strategy: str, training: Mapping[str, Any], steps: int | None) -> int | None:
    """How many checkpoints a run saves."""
    bound = training.get("max_steps")
    bound = bound if isinstance(bound, int) and bound > 0 else None
    if strategy == "epoch":
        return None if bound is not None else math.ceil(training.get("num_train_epochs", 3))
    steps = steps or bound
    if strategy != "steps" or steps is None:
        return None
    every = training.get("save_steps", 500)
    return math.ceil(steps / float(max(1, every * steps) if every < 1 else every))
