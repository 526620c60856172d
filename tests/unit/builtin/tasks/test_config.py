"""The kinds of prediction of each task."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ftspec.api import TaskConfig
from ftspec.builtin.tasks.config import (
    Seq2SeqConfig,
    TextClassificationConfig,
    TextGenerationConfig,
)


@pytest.mark.parametrize(
    ("config", "keys", "predictions"),
    [
        (TextClassificationConfig, {}, {"class"}),
        (TextClassificationConfig, {"problem": "multi-label"}, {"class-set"}),
        (TextClassificationConfig, {"problem": "regression"}, {"value"}),
        (Seq2SeqConfig, {}, {"text", "loss"}),
        (Seq2SeqConfig, {"predict_with_generate": False}, {"loss"}),
        (TextGenerationConfig, {}, {"loss"}),
    ],
)
def test_predictions(config: type[TaskConfig], keys: Any, predictions: set[str]) -> None:
    assert config.model_validate(keys).predictions == predictions


@pytest.mark.parametrize(
    ("config", "keys"),
    [
        (TextClassificationConfig, {"labels": ["one"]}),
        (TextClassificationConfig, {"threshold": 1.0}),
        (Seq2SeqConfig, {"num_beams": 0}),
        (TextGenerationConfig, {"temperature": 0.0}),
        (TextGenerationConfig, {"max_new_tokens": 0}),
    ],
)
def test_values_out_of_range(config: type[TaskConfig], keys: Any) -> None:
    with pytest.raises(ValidationError):
        config.model_validate(keys)
