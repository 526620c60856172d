"""Training stops if evaluations no longer improve."""

from __future__ import annotations

import pytest

from tests.engine.running import Engine

TRAINING = """\
training:
  max_steps: 20
  learning_rate: {rate}
  per_device_train_batch_size: 8
  eval_strategy: steps
  eval_steps: 2
metrics: [accuracy]
"""


@pytest.mark.parametrize(
    ("rate", "callback", "last"),
    [
        # nothing is learned, so the first evaluation is the best
        (0.0, "{type: early-stopping}", 4),
        (0.0, "{type: early-stopping, patience: 3}", 8),
        (0.0, "{type: early-stopping, patience: 2, metric: accuracy}", 6),
        # the loss falls, yet by less than what counts
        (1e-4, "{type: early-stopping, patience: 1, threshold: 10}", 4),
    ],
)
def test_training_stops(
    rate: float, callback: str, last: int, engine: Engine, classifier_spec: str
) -> None:
    spec = classifier_spec + TRAINING.format(rate=rate) + f"callbacks: [{callback}]\n"
    run = engine.compile(spec)
    run.trainer.train()
    assert run.trainer.state.global_step == last


def test_training_that_improves_goes_on(engine: Engine, classifier_spec: str) -> None:
    # the definitions it learns by heart, without dropout, so that its loss on them falls
    by_heart = classifier_spec.replace("train[96:160]", "train[1:96]")
    spec = by_heart + TRAINING.format(rate="5e-3") + "callbacks: [early-stopping]\n"
    whole = [f"model.config.{name}_dropout_prob=0.0" for name in ("hidden", "attention_probs")]
    run = engine.compile(spec, *whole)
    run.trainer.train()
    losses = [logs["eval_loss"] for logs in run.trainer.state.log_history if "eval_loss" in logs]
    assert len(losses) == 10
    assert losses == sorted(losses, reverse=True)
    assert run.trainer.state.global_step == 20
