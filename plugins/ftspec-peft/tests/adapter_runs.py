"""Specs with an adapter, and what their runs logged."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ftspec.api import Plan, RunDirectory

PlanOf = Callable[..., Plan]
"""A spec, overrides and an environment to a plan."""

ARCHITECTURES = {
    "bert": ("text-classification", '{text: "{text}", label: "{topic}"}'),
    "gpt2": ("{type: text-generation, max_new_tokens: 8}", '{text: "{both}"}'),
    "t5": ("summarization", '{source: "{both}", target: "{topic}: {text}"}'),
}
SPEC = """\
ftspec: 1
name: adapted
data:
  source: {{type: json, files: "{rows}"}}
  splits: {{train: "train[:40]", validation: "train[40:50]"}}
preprocess: {{template: {template}}}
tokenizer: {{max_length: 32, max_target_length: 12}}
model: {{checkpoint: "{checkpoint}", adapter: {{type: lora, r: 4, alpha: 8}}}}
task: {task}
training:
  max_steps: 8
  per_device_train_batch_size: 4
  gradient_accumulation_steps: 2
  learning_rate: 1e-2
  logging_steps: 1
  eval_strategy: steps
  eval_steps: 2
  save_strategy: steps
  save_steps: 2
performance: {{precision: fp32}}
"""


def spec_of(architecture: str, checkpoint: Path | str, rows: Path) -> str:
    """A spec that trains an adapter."""
    task, template = ARCHITECTURES[architecture]
    return SPEC.format(rows=rows, template=template, checkpoint=checkpoint, task=task)


def lines_of(run_dir: RunDirectory) -> list[dict[str, Any]]:
    """The lines of ``metrics.jsonl``, without measurements of time and memory."""
    lines = (run_dir.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    timed = ("runtime", "per_second", "time", "memory")
    return [
        {name: value for name, value in json.loads(line).items() if not _has(name, timed)}
        for line in lines
    ]


def _has(name: str, parts: Sequence[str]) -> bool:
    return any(part in name for part in parts)
