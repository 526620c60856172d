"""The settings of ``training`` that callbacks imply."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ftspec.builtin.callbacks.config import (
    BestModelConfig,
    EarlyStoppingConfig,
    GeneratedSamplesConfig,
)


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        ({}, {}),
        ({"eval_strategy": "epoch"}, {"save_strategy": "epoch"}),
        (
            {"eval_strategy": "steps", "eval_steps": 5},
            {"save_strategy": "steps", "save_steps": 5},
        ),
    ],
)
def test_early_stopping_saves_when_it_evaluates(training: Any, expected: Any) -> None:
    assert EarlyStoppingConfig().training_defaults(training) == {
        "load_best_model_at_end": True,
        "metric_for_best_model": "loss",
        **expected,
    }


def test_best_model_keeps_few() -> None:
    config = BestModelConfig(metric="accuracy", keep=3)
    assert config.training_defaults({"eval_strategy": "epoch"}) == {
        "load_best_model_at_end": True,
        "metric_for_best_model": "accuracy",
        "save_strategy": "epoch",
        "save_total_limit": 3,
    }


@pytest.mark.parametrize(
    ("config", "keys"),
    [
        (EarlyStoppingConfig, {"patience": 0}),
        (EarlyStoppingConfig, {"threshold": -0.1}),
        (BestModelConfig, {"keep": 0}),
        (GeneratedSamplesConfig, {"count": 0}),
        (GeneratedSamplesConfig, {"count": 51}),
    ],
)
def test_values_out_of_range(config: Any, keys: Any) -> None:
    with pytest.raises(ValidationError):
        config.model_validate(keys)
