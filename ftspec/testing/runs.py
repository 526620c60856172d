"""Specs that a test writes, planned and compiled by the functions of the command line.

Imports torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ftspec.engine.run.compile import CompiledRun, compile_run
from ftspec.engine.run.opening import start_run
from ftspec.engine.run.session import open_session
from ftspec.linting import examine
from ftspec.planning.plan import Plan
from ftspec.registry.discover import build_registry
from ftspec.registry.registry import Registry
from ftspec.span import SourceText
from ftspec.testing.check import require


@dataclass
class Listener:
    """A watcher that keeps what a run notes."""

    notes: list[str] = field(default_factory=list)

    def phase(self, name: str) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Keep it."""
        self.notes.append(text)

    def step(self, done: int, total: int, logs: Mapping[str, float]) -> None:
        """Nothing."""

    def evaluated(self, split: str, metrics: Mapping[str, float], step: int) -> None:
        """Nothing."""


def plan_spec(
    spec: str | SourceText,
    output_dir: Path,
    *,
    registry: Registry | None = None,
    profile: str | None = None,
    overrides: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Plan:
    """The plan of a spec, whose runs go below ``output_dir``; by default with all that is installed
    and the environment as it is.

    Raises:
        NonconformingError: lint finds an error in it.
    """
    verdict = examine(
        SourceText("spec.yaml", spec) if isinstance(spec, str) else spec,
        registry or build_registry(),
        profile=profile,
        overrides=overrides,
        output_dir=output_dir,
        environment=environment,
    )
    findings = "\n".join(str(one) for one in verdict.diagnostics)
    require(verdict.is_sound, f"the spec is not sound: {findings}")
    assert verdict.plan is not None
    return verdict.plan


def compile_plan(plan: Plan, listener: Listener | None = None) -> CompiledRun:
    """The run of a plan in a new run directory, ready for ``run.trainer.train()``.

    Raises:
        RunError: the plan does not fit the data, the model or the machine.
    """
    run_dir = start_run(plan, "")
    with open_session(plan, run_dir, listener or Listener()) as log:
        return compile_run(plan, run_dir, log)
