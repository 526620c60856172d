"""Runs of specs in tests: planning, training, resuming, prediction and export."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants

from ftspec.registry.registry import Registry
from ftspec.testing import NonconformingError
from ftspec.testing.runs import (
    Listener,
    RunInterruptedError,
    compile_plan,
    execute_plan,
    export_run,
    isolated_machine,
    logged,
    new_run,
    plan_spec,
    predict_texts,
)

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


def test_run_from_start_to_end_can_be_used(tmp_path: Path, registry: Registry) -> None:
    plan = plan_spec(SPEC, tmp_path, registry=registry)
    steps: list[int] = []
    run_dir = execute_plan(plan, Listener(at_step=steps.append), registry=registry)
    assert steps == [1]
    assert run_dir.status()["status"] == "finished"
    (result,) = predict_texts(plan, run_dir, ["The for statement"])
    assert result["prompt"] == "The for statement"
    export_run(plan, run_dir, tmp_path / "exported")
    assert (tmp_path / "exported" / "config.json").is_file()


def test_interrupted_run_is_resumed(tmp_path: Path, registry: Registry) -> None:
    overrides = ["training.max_steps=3", "training.save_steps=1", "training.logging_steps=1"]
    plan = plan_spec(SPEC, tmp_path, registry=registry, overrides=overrides)

    def press(step: int) -> None:
        if step == 1:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(RunInterruptedError) as stop:
        execute_plan(plan, Listener(at_step=press), registry=registry)
    assert execute_plan(plan, resume=stop.value.run_dir, registry=registry) == stop.value.run_dir
    assert stop.value.run_dir.status()["status"] == "finished"


def test_logged_values_are_those_of_training_steps(tmp_path: Path, registry: Registry) -> None:
    overrides = ["training.max_steps=2", "training.logging_steps=1"]
    plan = plan_spec(SPEC, tmp_path, registry=registry, overrides=overrides)
    run_dir = new_run(plan)
    run = compile_plan(plan, run_dir=run_dir)
    run.trainer.train()
    assert len(logged(run.trainer)) == len(logged(run.trainer, "learning_rate")) == 2
    assert Path(run.trainer.args.output_dir or "").is_relative_to(run_dir.path)


def test_isolated_machine_is_undone(tmp_path: Path) -> None:
    before = os.environ.get("FTSPEC_CACHE"), torch.get_num_threads(), constants.HF_HUB_OFFLINE
    with isolated_machine(tmp_path):
        assert os.environ["FTSPEC_CACHE"] == str(tmp_path / "ftspec")
        assert (torch.get_num_threads(), constants.HF_HUB_OFFLINE) == (1, True)
    after = os.environ.get("FTSPEC_CACHE"), torch.get_num_threads(), constants.HF_HUB_OFFLINE
    assert after == before
