"""The table of schedules matches the installed transformers."""

from __future__ import annotations

import inspect

import pytest
from torch.optim.lr_scheduler import ReduceLROnPlateau
from transformers.optimization import TYPE_TO_SCHEDULER_FUNCTION, GreedyLR

from ftspec.checks.scheduler import KEYS
from ftspec.spec.training import argument_table

_OF_THE_TRAINER = {"optimizer", "num_warmup_steps", "num_training_steps", "last_epoch"}
_CLASSES = {"greedy": GreedyLR, "reduce_lr_on_plateau": ReduceLROnPlateau}


@pytest.mark.parametrize("schedule", KEYS)
def test_keys_are_those_of_transformers(schedule: str) -> None:
    function = next(make for name, make in TYPE_TO_SCHEDULER_FUNCTION.items() if name == schedule)
    function = _CLASSES.get(schedule, function)
    assert set(KEYS[schedule]) == set(inspect.signature(function).parameters) - _OF_THE_TRAINER


def test_every_schedule_is_listed() -> None:
    assert set(argument_table()["lr_scheduler_type"]["choices"]) == set(KEYS)
