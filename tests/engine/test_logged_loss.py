"""With ``logging_nan_inf_filter`` a loss that is no number is left out of what is logged, as the
Trainer does it. Without it the log has none, and the next log has one again."""

from __future__ import annotations

import math
from contextlib import nullcontext

import pytest
import torch

from tests.engine.running import Engine, steps_in
from tests.engine.specs import ACCUMULATED, spec_of

pytestmark = pytest.mark.slow

NOT_A_NUMBER = [float("nan"), float("inf")]


@pytest.mark.parametrize("way", ["padded", "exact"])
def test_it_is_left_out_as_the_trainer_does(
    engine: Engine, request: pytest.FixtureRequest, way: str
) -> None:
    settings = (*ACCUMULATED, f"performance.batching={way}", "training.logging_steps=3")
    spec = spec_of(request, "single-label")
    ours, own_of_the_trainer, neither = (
        logged_losses(engine, spec, settings, filters=filters) for filters in ("ours", "its", None)
    )

    assert ours == pytest.approx(own_of_the_trainer)
    assert all(map(math.isfinite, ours))
    assert [*map(math.isfinite, neither)] == [False, True]


def logged_losses(
    engine: Engine, spec: str, settings: tuple[str, ...], *, filters: str | None
) -> list[float]:
    """Of two times three steps, of which the second and the third batch say that they have no
    loss."""
    wanted = str(filters is not None).lower()
    run = engine.compile(spec, *settings, f"training.logging_nan_inf_filter={wanted}")
    trainer = run.trainer
    if filters == "its":
        trainer._filtering_losses = nullcontext  # type: ignore[method-assign, assignment]
    learn, learned = trainer._compute_part, 0

    def lose_some(*arguments: object) -> torch.Tensor:
        nonlocal learned
        learned += 1
        loss: torch.Tensor = learn(*arguments)  # type: ignore[arg-type]
        at = learned - 2
        return loss * NOT_A_NUMBER[at] if 0 <= at < len(NOT_A_NUMBER) else loss

    trainer._compute_part = lose_some  # type: ignore[method-assign, assignment]
    trainer.train()
    assert trainer.args.logging_nan_inf_filter is (filters is not None)
    return [one["loss"] for one in steps_in(trainer.state.log_history)]
