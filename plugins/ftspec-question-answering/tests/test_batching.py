"""Training and evaluation do not depend on the batching setting.

The heads of transformers search all positions of a batch, including padding. The loss of the task
leaves padding out, so that a row teaches the same in every batch.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ftspec.testing.runs import CompiledRun, Listener, compile_plan, plan_spec

DATA = Path(__file__).parents[1] / "specs" / "data" / "wordnet_questions"

SPEC = f"""\
ftspec: 1
name: batching
data:
  source: {{type: json, files: {{train: {DATA}/train.jsonl, validation: {DATA}/validation.jsonl}}}}
  splits: {{train: "train[:40]", validation: "validation[:24]"}}
preprocess:
  template: {{question: "{{question}}", context: "{{context}}", answers: "{{answers}}"}}
tokenizer: {{type: train, algorithm: wordpiece, vocab_size: 600, max_length: 192}}
model:
  init: random
  architecture: bert
  config:
    hidden_size: 32
    num_hidden_layers: 2
    num_attention_heads: 2
    intermediate_size: 64
    hidden_dropout_prob: 0.0
    attention_probs_dropout_prob: 0.0
task: {{type: question-answering, doc_stride: 64, null_score_threshold: 0}}
training:
  max_steps: 2
  learning_rate: 1e-3
  logging_steps: 1
  save_strategy: "no"
  per_device_eval_batch_size: 4
performance: {{precision: fp32}}
"""

AT_ONCE = ("training.per_device_train_batch_size=16",)
ACCUMULATED = (
    "training.per_device_train_batch_size=4",
    "training.gradient_accumulation_steps=4",
)
EVALUATED = "training.per_device_eval_batch_size"
WAYS = ("padded", "exact", "grouped")

Compile = Callable[..., CompiledRun]


@pytest.fixture
def compiled(tmp_path: Path, notes: list[str]) -> Compile:
    """The spec with other values, ready to train."""

    def compile_spec(*overrides: str) -> CompiledRun:
        plan = plan_spec(SPEC, tmp_path / "runs", overrides=overrides)
        return compile_plan(plan, Listener(notes))

    return compile_spec


def test_a_row_teaches_the_same_in_every_batch(compiled: Compile, notes: list[str]) -> None:
    """The same loss and gradient at each step, for every batching setting and accumulation."""
    learned = []
    for settings in (AT_ONCE, ACCUMULATED):
        for way in WAYS:
            run = compiled(*settings, f"performance.batching={way}")
            run.trainer.train()
            learned.append(
                [
                    (record["loss"], record["grad_norm"])
                    for record in run.trainer.state.log_history
                    if "grad_norm" in record
                ]
            )

    assert len(learned[0]) == 2
    for steps in learned[1:]:
        for ours, theirs in zip(steps, learned[0], strict=True):
            assert ours == pytest.approx(theirs, rel=1e-5)
    assert not any("batches are padded" in note for note in notes)


def test_the_loss_is_that_of_rows_alone(compiled: Compile) -> None:
    measured = [
        compiled(*AT_ONCE, f"performance.batching={way}", f"{EVALUATED}={rows}").trainer.evaluate()
        for way, rows in (("padded", 1), ("padded", 8), ("exact", 8), ("grouped", 8))
    ]

    alone, *batched = [
        [found[f"eval_{name}"] for name in ("loss", "exact_match", "f1")] for found in measured
    ]
    for one in batched:
        assert one == pytest.approx(alone, rel=1e-5)


def test_without_padding_it_is_the_loss_of_transformers(compiled: Compile) -> None:
    trainer = compiled(*AT_ONCE).trainer
    batch = trainer.data_collator([trainer.train_dataset[0]])
    inputs = trainer._prepare_inputs(dict(batch))
    trainer.model.eval()

    with torch.no_grad():
        ours, theirs = trainer.compute_loss(trainer.model, inputs), trainer.model(**inputs).loss

    assert float(ours) == pytest.approx(float(theirs), rel=1e-6)
