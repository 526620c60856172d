"""The spec of every task, and the plan of a pair."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ftspec.planning.plan import Plan
from ftspec.registry.builder import Builder
from ftspec.registry.registry import Registry
from ftspec.testing.runs import plan_spec
from tests.architectures.pairs import Pair

PLUGINS = Path(__file__).parents[2] / "plugins"

AT_ONCE = ("training.per_device_train_batch_size=16",)
ACCUMULATED = (
    "training.per_device_train_batch_size=4",
    "training.gradient_accumulation_steps=4",
)
PADDED = ("performance.batching=padded",)

_SPEC = """\
ftspec: 1
name: architectures
data:
  source: {type: json, files: "%(rows)s"}
  splits: {train: "train[:32]", validation: "train[32:]"}
preprocess: {template: {%(template)s}}
tokenizer: {max_length: 128, max_target_length: 14}
model: {checkpoint: "%(checkpoint)s"}
task: {%(task)s}
training:
  max_steps: 1
  learning_rate: 0.0
  max_grad_norm: 0.0
  save_strategy: "no"
  per_device_eval_batch_size: 8
  use_cpu: true
performance: {precision: fp32}
metrics: []
"""

_TASKS = {
    "text-classification": ('text: "{text}", label: "{label}"', ""),
    "token-classification": ('tokens: "{words}", tags: "{tags}"', ""),
    "question-answering": (
        'question: "{question}", context: "{context}", answers: "{answers}"',
        "doc_stride: 32",
    ),
    "summarization": ('source: "{text}", target: "{summary}"', "predict_with_generate: false"),
    "text-generation": ('text: "{text}"', "packing: false, max_new_tokens: 6"),
}


@dataclass(frozen=True)
class Case:
    """A pair to check, with its files.

    Attributes:
        pair: the task and the architecture.
        checkpoint: the folder of the model.
        rows: the file of the rows.
        output: the folder for runs.
    """

    pair: Pair
    checkpoint: Path
    rows: Path
    output: Path

    @property
    def spec(self) -> str:
        """The text of the spec."""
        template, keys = _TASKS[self.pair.task]
        return _SPEC % {
            "rows": self.rows,
            "template": template,
            "checkpoint": self.checkpoint,
            "task": f"type: {self.pair.task}" + (f", {keys}" if keys else ""),
        }

    def plan(self, *overrides: Sequence[str]) -> Plan:
        """The plan of the spec with other settings."""
        return plan_spec(
            self.spec,
            self.output,
            registry=registry(),
            overrides=[one for some in overrides for one in some],
            environment={},
        )


@cache
def registry() -> Registry:
    """The components of ftspec and of the two plugins, which need not be installed."""
    builder = Builder()
    builder.add_builtin("ftspec.builtin.plugin")
    for task in ("token-classification", "question-answering"):
        sys.path.append(str(PLUGINS / f"ftspec-{task}" / "src"))
        builder.add_builtin(f"ftspec_{task.replace('-', '_')}.plugin")
    return builder.build()
