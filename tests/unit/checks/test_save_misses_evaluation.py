"""The check refuses exactly what ``TrainingArguments`` refuses."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from transformers import TrainingArguments

from tests.unit.conftest import Diagnose

STRATEGIES = [
    {"eval_strategy": evaluates, "save_strategy": saves}
    for evaluates, saves in product(("no", "steps", "epoch"), ("no", "steps", "epoch", "best"))
]
STEPS = [
    {"eval_strategy": "steps", "eval_steps": every, "save_steps": save_every}
    for every, save_every in product((1, 3, 100, 0.1, 0.3), (1, 9, 100, 200, 500, 0.1, 0.9, 0.25))
]
FALLBACKS = [
    {"eval_strategy": "steps"},
    {"eval_strategy": "steps", "logging_steps": 100},
    {"eval_strategy": "steps", "logging_steps": 30},
    {"eval_strategy": "steps", "eval_steps": 0, "logging_steps": 30, "save_steps": 60},
    {"eval_strategy": "epoch", "save_strategy": "epoch", "eval_steps": 7},
    {"eval_strategy": "epoch", "save_strategy": "best", "metric_for_best_model": "accuracy"},
]


@pytest.mark.parametrize("settings", [*STRATEGIES, *STEPS, *FALLBACKS], ids=json.dumps)
def test_settings_are_refused_as_transformers_refuses_them(
    settings: dict[str, Any], diagnose: Diagnose, minimal_spec: str, tmp_path: Path
) -> None:
    training = {**settings, "load_best_model_at_end": True}
    found = diagnose(f"{minimal_spec}training: {json.dumps(training)}\n")
    slugs = {one.partition(" ")[2] for one in found}
    refused = _is_refused(output_dir=str(tmp_path), **training)
    if settings["eval_strategy"] == "no":  # which "no-evaluation" reports
        assert "no-evaluation" in slugs
    else:
        assert ("save-misses-evaluation" in slugs) is refused


def _is_refused(**training: Any) -> bool:
    try:
        TrainingArguments(report_to=[], use_cpu=True, **training)
    except ValueError:
        return True
    return False


@pytest.mark.parametrize("steps", [".inf", ".nan", "-.inf", "-5", "1e-300"])
def test_number_that_is_none_is_borne(steps: str, diagnose: Diagnose, minimal_spec: str) -> None:
    training = f"{{eval_strategy: steps, save_steps: {steps}, load_best_model_at_end: true}}"
    diagnose(f"{minimal_spec}training: {training}\n")
    diagnose(f"{minimal_spec}training: {training.replace('save_steps', 'eval_steps')}\n")
