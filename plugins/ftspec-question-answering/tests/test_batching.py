"""Training and evaluation do not depend on the batching setting.

The head searches all positions of a batch, including padding, and a batch is as wide as its
longest row. So the loss of a row depends on the other rows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

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
WAYS = ("padded", "exact", "grouped")

Compile = Callable[..., CompiledRun]


@pytest.fixture
def compiled(tmp_path: Path, notes: list[str]) -> Compile:
    """The spec with other values, ready to train."""

    def compile_spec(*overrides: str) -> CompiledRun:
        plan = plan_spec(SPEC, tmp_path / "runs", overrides=overrides)
        return compile_plan(plan, Listener(notes))

    return compile_spec


@pytest.mark.parametrize("settings", [AT_ONCE, ACCUMULATED], ids=["16x1", "4x4"])
def test_a_run_learns_what_padded_batches_teach(
    compiled: Compile, notes: list[str], settings: tuple[str, ...]
) -> None:
    """The same loss and gradient at each step, for every batching setting."""
    learned = {}
    for way in WAYS:
        run = compiled(*settings, f"performance.batching={way}")
        run.trainer.train()
        learned[way] = [
            (record["loss"], record["grad_norm"])
            for record in run.trainer.state.log_history
            if "grad_norm" in record
        ]

    assert len(learned["padded"]) == 2
    for way in WAYS[1:]:
        for ours, theirs in zip(learned[way], learned["padded"], strict=True):
            assert ours == pytest.approx(theirs, rel=1e-5), way
    why = "the loss of a row depends on the other rows of its batch"
    assert notes.count(f"batches are padded, not split by length: {why}") == 1
    assert notes.count(f"batches are padded, not grouped: {why}") == 1


def test_a_run_measures_what_padded_batches_measure(compiled: Compile) -> None:
    """Rows are evaluated in their order, because grouping by length changes the loss."""
    measured = {}
    for way in WAYS:
        run = compiled(*AT_ONCE, f"performance.batching={way}")
        found = run.trainer.evaluate()
        measured[way] = [found[f"eval_{name}"] for name in ("loss", "exact_match", "f1")]

    for way in WAYS[1:]:
        assert measured[way] == pytest.approx(measured["padded"], rel=1e-6), way
