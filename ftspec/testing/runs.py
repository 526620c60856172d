"""Runs of specs in a test: planned, compiled, trained, predicted with and exported.

These functions do what the commands of ftspec do, in the process of the test. This module imports
torch.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import datasets
import torch
from huggingface_hub import constants

from ftspec.engine.artifacts.export import copy_model, export
from ftspec.engine.artifacts.merge import write_merged
from ftspec.engine.artifacts.predict import open_predictor
from ftspec.engine.progress.outcome import RunFailedError, RunInterruptedError
from ftspec.engine.run import train
from ftspec.engine.run.compile import CompiledRun, compile_run
from ftspec.engine.run.execute import execute
from ftspec.engine.run.opening import start_run
from ftspec.engine.run.session import open_session
from ftspec.linting import examine
from ftspec.planning.plan import Plan
from ftspec.registry.discover import build_registry
from ftspec.registry.registry import Registry
from ftspec.rundir import RunDirectory
from ftspec.span import SourceText
from ftspec.testing.check import NonconformingError, require

__all__ = [
    "CompiledRun",
    "Listener",
    "RunFailedError",
    "RunInterruptedError",
    "compile_plan",
    "execute_plan",
    "export_run",
    "interrupt_plan",
    "isolated_machine",
    "logged",
    "new_run",
    "plan_spec",
    "predict_texts",
    "save_model",
]


@dataclass
class Listener:
    """Follows a run: keeps its notes, and calls ``at_step`` with the number of each step."""

    notes: list[str] = field(default_factory=list)
    at_step: Callable[[int], None] = lambda step: None

    def phase(self, name: str) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Keep a note."""
        self.notes.append(text)

    def step(self, done: int, total: int, logs: Mapping[str, float]) -> None:
        """Call ``at_step``."""
        self.at_step(done)

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
    """The plan of a spec. Its run directories are in ``output_dir``.

    Args:
        spec: the text of the spec.
        output_dir: the folder for runs, instead of the spec's own.
        registry: the components; by default all that are installed.
        profile: the profile to apply.
        overrides: arguments of ``--set``, such as ``"training.max_steps=1"``.
        environment: the environment variables; by default those of the process.

    Raises:
        NonconformingError: lint finds an error in the spec.
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


def new_run(plan: Plan) -> RunDirectory:
    """A new run directory for a plan.

    Raises:
        RunError: the folder cannot be created.
    """
    return start_run(plan, "ftspec: 1\n")


def compile_plan(
    plan: Plan, listener: Listener | None = None, run_dir: RunDirectory | None = None
) -> CompiledRun:
    """The run of a plan, ready for ``run.trainer.train()``, in a new run directory by default.

    Raises:
        RunError: the plan does not fit the data, the model or the machine.
        MissingExtraError: a package is not installed.
    """
    run_dir = run_dir or new_run(plan)
    with open_session(plan, run_dir, listener or Listener()) as log:
        return compile_run(plan, run_dir, log)


def execute_plan(
    plan: Plan,
    listener: Listener | None = None,
    *,
    resume: RunDirectory | None = None,
    registry: Registry | None = None,
) -> RunDirectory:
    """Run a plan from start to end, as ``ftspec run`` does. With ``resume``, continue that run.

    Raises:
        RunError: the plan does not fit the data, the model or the machine.
        RunFailedError: a library or a plugin failed.
        RunInterruptedError: the process got SIGINT; ``run_dir`` of the error is the run to resume.
        MissingExtraError: a package is not installed.
    """
    outcome = execute(
        plan,
        resume or new_run(plan),
        registry=registry or build_registry(),
        watcher=listener or Listener(),
        command=["ftspec", "run", "spec.yaml"],
        resume=resume is not None,
    )
    return outcome.run_dir


def interrupt_plan(plan: Plan, step: int) -> RunDirectory:
    """Run a plan in a new run directory, and press Ctrl-C after a step; the run to resume.

    Raises:
        NonconformingError: the run ends without an interruption.
    """

    def press(done: int) -> None:
        if done == step:
            os.kill(os.getpid(), signal.SIGINT)

    try:
        execute_plan(plan, Listener(at_step=press))
    except RunInterruptedError as stopped:
        return stopped.run_dir
    raise NonconformingError(f"Ctrl-C after step {step} did not interrupt the run")


def save_model(run: CompiledRun, run_dir: RunDirectory) -> None:
    """Save the model of a compiled run that a test has trained, as ``ftspec run`` does."""
    train.save_model(run, run_dir)


def predict_texts(plan: Plan, run_dir: RunDirectory, texts: Sequence[str]) -> list[dict[str, Any]]:
    """The results of the saved model of a run, as ``ftspec predict`` returns them.

    Raises:
        RunError: the run has no model, or the model reads more than one column.
    """
    predictor = open_predictor(plan, run_dir, Listener())
    return list(predictor.predict([predictor.from_text(text) for text in texts]))


def export_run(plan: Plan, run_dir: RunDirectory, output: Path, *, merge: bool = False) -> None:
    """Write the model of a run to the new folder ``output``, as ``ftspec export`` does. With
    ``merge``, an adapter is merged into its checkpoint.

    Raises:
        RunError: the run has no model, or the adapter cannot be merged.
    """
    write = (
        partial(write_merged, plan, run_dir, Listener(), None)
        if merge
        else partial(copy_model, run_dir)
    )
    export(plan, run_dir, output, write)


def logged(trainer: Any, name: str = "loss") -> list[float]:
    """The values with this name that a Trainer logged at its training steps."""
    history: list[dict[str, Any]] = trainer.state.log_history
    return [record[name] for record in history if "loss" in record]


@contextmanager
def isolated_machine(folder: Path) -> Iterator[None]:
    """Make runs independent of the machine: new caches in ``folder``, one thread, and no Hub.

    Use it in a fixture of the whole session::

        @pytest.fixture(autouse=True, scope="session")
        def machine(tmp_path_factory):
            with isolated_machine(tmp_path_factory.mktemp("machine")):
                yield
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with (
            patch.dict("os.environ", FTSPEC_CACHE=str(folder / "ftspec")),
            patch.object(datasets.config, "HF_DATASETS_CACHE", folder / "datasets"),
            patch.object(constants, "HF_HUB_OFFLINE", True),
        ):
            yield
    finally:
        torch.set_num_threads(threads)
