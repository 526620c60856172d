"""Specs of tests: refused with what lint says, or ready to train."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftspec.registry.registry import Registry
from ftspec.testing import NonconformingError
from ftspec.testing.runs import Listener, compile_plan, plan_spec

SPEC = """\
ftspec: 1
name: topics
data: {source: {type: package, package: pydoc_data, files: topics.py, format: text}}
preprocess: {template: {text: "{text}"}}
tokenizer: {type: train, algorithm: bpe, vocab_size: 300, max_length: 32}
model:
  init: random
  architecture: gpt2
  config: {n_layer: 1, n_head: 1, n_embd: 8, n_positions: 32}
task: text-generation
training: {max_steps: 1, per_device_train_batch_size: 2}
"""


def test_spec_with_a_mistake(tmp_path: Path, registry: Registry) -> None:
    with pytest.raises(NonconformingError, match='unknown key "max_step"'):
        plan_spec(SPEC.replace("max_steps", "max_step"), tmp_path, registry=registry)


def test_sound_spec_trains(tmp_path: Path, registry: Registry) -> None:
    plan = plan_spec(SPEC, tmp_path, registry=registry, overrides=["training.learning_rate=1e-3"])
    assert plan.output_dir == tmp_path
    listener = Listener()
    run = compile_plan(plan, listener)
    assert run.trainer.train().global_step == 1
    assert run.trainer.args.learning_rate == 1e-3
    assert "trained a bpe tokenizer with 300 tokens on the training text" in listener.notes
    assert Path(run.trainer.args.output_dir or "").is_relative_to(tmp_path)
