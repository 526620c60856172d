"""What a run changes of libraries is theirs again when it ends, however it ends."""

from __future__ import annotations

import logging
import os
import signal
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest
import torch
from huggingface_hub import utils as hub
from transformers import (
    AttentionInterface,
    AttentionMaskInterface,
    GPT2LMHeadModel,
    Trainer,
    TrainerState,
)
from transformers.utils import logging as transformers_logging

from ftspec.engine.model.variable_length_attention import VARIABLE_LENGTH
from ftspec.engine.progress.outcome import RunFailedError
from tests.engine.running import Engine, Recorder

pytestmark = pytest.mark.slow

SPEC = """\
ftspec: 1
name: patches
data:
  source: {type: json, files: "%(rows)s"}
  splits: {train: "train[:24]", validation: "train[24:30]"}
preprocess: {template: {text: "{text}"}}
tokenizer: {max_length: 32}
model: {checkpoint: "%(model)s"}
task: {type: text-generation, packing: false}
training:
  max_steps: 3
  per_device_train_batch_size: 4
  gradient_accumulation_steps: 2
  logging_steps: 1
  save_strategy: steps
  save_steps: 1
  eval_strategy: steps
  eval_steps: 1
performance: {precision: fp32}
"""
LOGGERS = ("", "transformers", "datasets", "huggingface_hub", "evaluate", "py.warnings")
SIGNALS = (signal.SIGINT, signal.SIGTERM)
VARIABLES = ("DISABLE_SAFETENSORS_CONVERSION", "HF_HUB_OFFLINE", "TOKENIZERS_PARALLELISM")


@pytest.fixture
def spec(paragraphs: Path, gpt2: Path) -> str:
    return SPEC % {"rows": paragraphs, "model": gpt2}


def libraries() -> dict[str, Any]:
    """What of the libraries the engine changes or could change, as it is now."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    attentions: Any = AttentionInterface()
    masks: Any = AttentionMaskInterface()
    return {
        "functions": (torch.save, torch.load, warnings.showwarning),
        "methods": (*map(methods_of, (Trainer, TrainerState, GPT2LMHeadModel)),),
        # a name of our own stays: models in memory have it in their configuration
        "attentions": {one: attentions[one] for one in attentions if one != VARIABLE_LENGTH},
        "masks": {one: masks[one] for one in masks if one != VARIABLE_LENGTH},
        "logging": [(one.level, list(one.handlers), one.propagate) for one in loggers],
        "verbosity": transformers_logging.get_verbosity(),
        "progress bars": (
            transformers_logging.is_progress_bar_enabled(),
            datasets.are_progress_bars_disabled(),
            hub.are_progress_bars_disabled(),
        ),
        "caching": datasets.is_caching_enabled(),
        "signals": [signal.getsignal(number) for number in SIGNALS],
        # libraries set variables of their own when they are imported
        "environment": {name: os.environ.get(name) for name in VARIABLES},
        "dropout": dropped(),
    }


def methods_of(kind: type) -> dict[str, Any]:
    return {name: value for name, value in vars(kind).items() if callable(value)}


def dropped() -> list[bool]:
    """A mask of dropout, by torch's own generator."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return torch.empty(64).bernoulli_(0.5).bool().tolist()


@pytest.mark.parametrize("bars", [True, False], ids=["bars", "no bars"])
def test_libraries_are_as_before_when_a_callback_raises(
    engine: Engine, spec: str, bars: bool
) -> None:
    if bars:
        transformers_logging.enable_progress_bar()
        datasets.enable_progress_bars()
    before = libraries()
    seen: list[dict[str, Any]] = []

    def raise_at_step(step: int) -> None:
        seen.append(libraries())
        if step == 2:
            raise ValueError("a callback is broken")

    try:
        with pytest.raises(RunFailedError, match="ValueError: a callback is broken"):
            engine.execute(spec, watcher=Recorder(raise_at_step))
        assert engine.runs()[-1].latest_checkpoint() is not None
        assert libraries() == before
        assert [one["progress bars"] for one in seen] == [(False, True, True)] * 2
    finally:
        transformers_logging.disable_progress_bar()
        datasets.disable_progress_bars()


@pytest.mark.parametrize("attempt", [Engine.execute, Engine.train])
def test_libraries_are_as_before_when_a_run_ends(
    engine: Engine, spec: str, attempt: Callable[[Engine, str], Any]
) -> None:
    before = libraries()
    attempt(engine, spec)
    assert libraries() == before
