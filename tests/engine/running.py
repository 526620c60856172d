"""Specs compiled and executed in this process, by the very functions the command line uses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ftspec.engine.progress.outcome import Outcome
from ftspec.engine.run.compile import CompiledRun
from ftspec.engine.run.execute import execute
from ftspec.engine.run.opening import start_run
from ftspec.planning.plan import Plan
from ftspec.registry.discover import build_registry
from ftspec.rundir import RunDirectory
from ftspec.span import SourceText
from ftspec.testing.runs import compile_plan, plan_spec

Logs = list[dict[str, Any]]
StepHook = Callable[[int], None]


@dataclass
class Recorder:
    """A watcher that keeps what it hears, and does ``at_step`` after each step."""

    at_step: StepHook | None = None
    phases: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    evaluations: list[tuple[str, dict[str, float], int]] = field(default_factory=list)

    def phase(self, name: str) -> None:
        self.phases.append(name)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def step(self, done: int, total: int, logs: Mapping[str, float]) -> None:
        self.steps.append(done)
        if self.at_step is not None:
            self.at_step(done)

    def evaluated(self, split: str, metrics: Mapping[str, float], step: int) -> None:
        self.evaluations.append((split, dict(metrics), step))


class Engine:
    """Runs specs, each in a run directory below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.registry = build_registry(with_entry_points=False)

    def plan(
        self,
        text: str,
        overrides: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Plan:
        """The plan of a spec without errors."""
        return plan_spec(
            SourceText("spec.yaml", text),
            self.folder / "runs",
            registry=self.registry,
            overrides=overrides,
            environment=environment or {},
        )

    def train(self, text: str, *overrides: str) -> Logs:
        """Compile and train, nothing else; what the Trainer logged."""
        run = self.compile(text, *overrides)
        run.trainer.train()
        logs: Logs = run.trainer.state.log_history
        return logs

    def compile(self, text: str, *overrides: str) -> CompiledRun:
        """The compiled run of a spec."""
        return compile_plan(self.plan(text, overrides))

    def execute(
        self,
        text: str,
        *overrides: str,
        watcher: Recorder | None = None,
        resume: RunDirectory | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Outcome:
        """The whole run; with ``resume``, the rest of that one."""
        plan = self.plan(text, overrides, environment)
        return execute(
            plan,
            resume or start_run(plan, text),
            registry=self.registry,
            watcher=watcher or Recorder(),
            command=["ftspec", "run", "spec.yaml"],
            resume=resume is not None,
        )

    def runs(self) -> list[RunDirectory]:
        """Every run directory so far, oldest first."""
        found = self.folder.glob("runs/*/*/status.json")
        return [RunDirectory(path.parent) for path in sorted(found)]


def steps_in(logs: Logs) -> Logs:
    """The records of training steps among what was logged."""
    return [record for record in logs if "loss" in record and "learning_rate" in record]


def logged(run_dir: RunDirectory) -> Logs:
    """The lines of ``metrics.jsonl``."""
    lines = (run_dir.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
