"""The table of schedules matches the installed transformers."""

from __future__ import annotations

import inspect

import pytest
from transformers.optimization import TYPE_TO_SCHEDULER_FUNCTION

from ftspec.checks.scheduler import KEYS
from ftspec.spec.training import argument_table

_OF_THE_TRAINER = {"optimizer", "num_warmup_steps", "num_training_steps", "last_epoch"}


@pytest.mark.parametrize("schedule", KEYS)
def test_keys_are_those_of_transformers(schedule: str) -> None:
    function = next(make for name, make in TYPE_TO_SCHEDULER_FUNCTION.items() if name == schedule)
    assert set(KEYS[schedule]) == set(inspect.signature(function).parameters) - _OF_THE_TRAINER


def test_every_other_schedule_takes_anything_or_ignores_it() -> None:
    others = set(argument_table()["lr_scheduler_type"]["choices"]) - set(KEYS)
    assert others == {"constant", "constant_with_warmup", "greedy", "reduce_lr_on_plateau"}
