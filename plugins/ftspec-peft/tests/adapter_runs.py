"""Specs with an adapter, run by the functions that the command line uses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftspec.engine.artifacts.predict import Predictor
from ftspec.engine.progress.run_log import RunLog, quiet_libraries
from ftspec.engine.run.compile import CompiledRun, compile_run
from ftspec.engine.run.execute import execute
from ftspec.engine.run.opening import start_run
from ftspec.planning.plan import Plan
from ftspec.registry.discover import build_registry
from ftspec.rundir import RunDirectory
from ftspec.testing.runs import Listener, plan_spec

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


@dataclass
class Recorder(Listener):
    """A watcher that does ``at_step`` after each step too."""

    at_step: Callable[[int], None] = lambda step: None

    def step(self, done: int, total: int, logs: Mapping[str, float]) -> None:
        self.at_step(done)


class Engine:
    """Runs specs, each in a run directory below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.registry = build_registry()

    def plan(
        self, text: str, overrides: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> Plan:
        """The plan of a spec without errors."""
        return plan_spec(
            text,
            self.folder / "runs",
            registry=self.registry,
            overrides=overrides,
            environment=environment or {},
        )

    def compile(self, plan: Plan, watcher: Recorder | None = None) -> tuple[CompiledRun, Path]:
        """The compiled run of a plan, and its folder."""
        quiet_libraries()
        run_dir = start_run(plan, "")
        with RunLog(run_dir.log, watcher or Recorder()) as log:
            return compile_run(plan, run_dir, log), run_dir.path

    def execute(
        self, plan: Plan, watcher: Recorder | None = None, resume: RunDirectory | None = None
    ) -> RunDirectory:
        """The whole run; with ``resume``, the rest of that one."""
        outcome = execute(
            plan,
            resume or start_run(plan, "ftspec: 1\n"),
            registry=self.registry,
            watcher=watcher or Recorder(),
            command=["ftspec", "run", "spec.yaml"],
            resume=resume is not None,
        )
        return outcome.run_dir

    def predict(self, plan: Plan, run_dir: RunDirectory, texts: Sequence[str]) -> list[Any]:
        """What the saved model says."""
        quiet_libraries()
        predictor = Predictor(plan, run_dir, lambda note: None)
        return list(predictor.predict([predictor.from_text(text) for text in texts]))


def logged(run_dir: RunDirectory) -> list[dict[str, Any]]:
    """The lines of ``metrics.jsonl``, less those that tell the time."""
    lines = (run_dir.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    timed = ("runtime", "per_second", "time", "memory")
    return [
        {name: value for name, value in json.loads(line).items() if not _has(name, timed)}
        for line in lines
    ]


def _has(name: str, parts: Sequence[str]) -> bool:
    return any(part in name for part in parts)
