"""Predictions of the model are shown, and training does not change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.engine.running import Engine, Recorder, steps_in
from tests.unit import tiny

TRAINING = """\
training:
  max_steps: 4
  learning_rate: 1e-3
  per_device_train_batch_size: 4
  logging_steps: 1
  eval_strategy: steps
  eval_steps: 2
  save_strategy: "no"
"""
GENERATION = "task: {type: text-generation, max_new_tokens: 6, packing: false, do_sample: true}\n"
CALLBACK = "callbacks: [{type: generated-samples, count: 2}]\n"


def samples_in(folder: Path) -> dict[str, list[tuple[int, dict[str, Any]]]]:
    """The texts in TensorBoard's files, by tag: each a step and what is shown there."""
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    samples = {}
    for tag in events.Tags()["tensors"]:
        if tag.startswith("samples/"):
            texts = [
                (event.step, event.tensor_proto.string_val[0].decode())
                for event in events.Tensors(tag)
            ]
            samples[tag] = [
                (step, json.loads(text.removeprefix("```json\n").removesuffix("\n```")))
                for step, text in texts
            ]
    return samples


def test_samples_change_nothing_in_the_training(engine: Engine, generator_spec: str) -> None:
    spec = generator_spec + GENERATION + TRAINING
    without, shown = (steps_in(engine.train(text)) for text in (spec, spec + CALLBACK))
    assert len(without) == 4
    assert [step["loss"] for step in shown] == [step["loss"] for step in without]
    assert [step["grad_norm"] for step in shown] == [step["grad_norm"] for step in without]


def test_samples_are_in_tensorboard_and_in_the_log(engine: Engine, generator_spec: str) -> None:
    watcher = Recorder()
    outcome = engine.execute(generator_spec + GENERATION + TRAINING + CALLBACK, watcher=watcher)
    rows = tiny.rows_of(tiny.WORDNET / "validation.jsonl")[48:50]
    samples = samples_in(outcome.run_dir.tensorboard)
    assert list(samples) == ["samples/0/text_summary", "samples/1/text_summary"]
    for index, (shown, row) in enumerate(zip(samples.values(), rows, strict=True)):
        # each evaluation has a file of its own, and TensorBoard reads them in any order
        assert sorted(step for step, _ in shown) == [2, 4]
        for step, sample in shown:
            assert sample["text"] == row["text"]
            assert sample["model"]["prompt"] == row["text"]
            answer = sample["model"]["text"]
            assert f"sample {index} at step {step}: {answer}" in watcher.notes
    log = outcome.run_dir.log.read_text(encoding="utf-8")
    assert "sample 1 at step 4: " in log


def test_the_answer_is_shown_and_not_given_to_the_model(
    engine: Engine, classifier_spec: str
) -> None:
    watcher = Recorder()
    outcome = engine.execute(
        classifier_spec + TRAINING + "callbacks: [{type: generated-samples, count: 1}]\n",
        watcher=watcher,
    )
    row = tiny.rows_of(tiny.WORDNET / "validation.jsonl")[96]
    (shown,) = samples_in(outcome.run_dir.tensorboard).values()
    for step, sample in shown:
        assert (sample["text"], sample["label"]) == (row["text"], row["label"])
        assert sample["model"]["scores"][sample["model"]["label"]] == sample["model"]["score"]
        assert any(note.startswith(f"sample 0 at step {step}: ") for note in watcher.notes)


@pytest.mark.parametrize("count", [1, 5])
def test_count(count: int, engine: Engine, generator_spec: str) -> None:
    watcher = Recorder()
    spec = generator_spec + GENERATION + TRAINING.replace("max_steps: 4", "max_steps: 2")
    engine.execute(spec + CALLBACK.replace("count: 2", f"count: {count}"), watcher=watcher)
    assert sum(note.startswith("sample ") for note in watcher.notes) == count
