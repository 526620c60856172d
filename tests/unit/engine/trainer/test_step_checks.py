"""Losses and gradients that are no numbers are known step by step."""

from __future__ import annotations

import math

import pytest
import torch

from ftspec.engine.trainer.step_checks import StepChecks

NAN = torch.tensor(math.nan)
FINE = torch.tensor(1.0)


@pytest.mark.parametrize(
    ("losses", "norm", "may_overflow", "expected"),
    [
        ((FINE, FINE), FINE, False, (True, True)),
        ((FINE, NAN, FINE), FINE, False, (False, True)),
        ((torch.tensor(math.inf),), FINE, True, (False, True)),
        ((FINE,), math.inf, False, (True, False)),
        ((FINE,), NAN, torch.tensor([True]), (True, True)),
        ((FINE,), NAN, torch.tensor([False]), (True, False)),
        ((FINE,), None, False, (True, True)),
    ],
)
def test_a_step_has_the_losses_of_all_its_parts(
    losses: tuple[torch.Tensor, ...],
    norm: object,
    may_overflow: torch.Tensor | bool,
    expected: tuple[bool, bool],
) -> None:
    checks = StepChecks()
    read, other = checks.reader(), checks.reader()
    for loss in losses:
        checks.add_loss(loss)
    checks.end_step(4, norm, may_overflow)
    checks.add_loss(FINE)
    checks.end_step(5, FINE, False)
    first, second = read()
    assert (first.step, first.has_loss, first.has_gradient) == (4, *expected)
    assert (second.step, second.has_loss, second.has_gradient) == (5, True, True)
    assert read(wait=True) == []
    assert other(wait=True) == [first, second]


def test_what_was_computed_before_training_is_forgotten() -> None:
    checks = StepChecks()
    read = checks.reader()
    checks.add_loss(NAN)
    checks.begin()
    checks.end_step(1, NAN, False)  # no part was computed
    assert read() == []
