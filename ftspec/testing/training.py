"""Checks that train: each spec of the project runs, gives the same losses twice, and predicts.

This module imports torch.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from unittest import SkipTest

from datasets import Dataset
from datasets.fingerprint import Hasher

from ftspec.components import Component
from ftspec.diagnostics.model import Collector
from ftspec.document.load import read_source
from ftspec.engine.artifacts.predict import Predictor
from ftspec.engine.artifacts.saved_model import load_trained
from ftspec.engine.components.factories import load_factory
from ftspec.engine.patches.quiet_libraries import quiet_libraries
from ftspec.engine.progress.run_log import drop_note
from ftspec.engine.run.compile import CompiledRun
from ftspec.engine.run.execute import execute
from ftspec.engine.run.opening import start_run
from ftspec.errors import MissingExtraError
from ftspec.planning.plan import Plan
from ftspec.protocols import Context
from ftspec.rundir import RunDirectory
from ftspec.testing.check import Check, require
from ftspec.testing.runs import Listener, compile_plan, plan_spec
from ftspec.testing.subject import Subject, title

# if measured at the start, the steps of two runs would be split differently, and dropout differ
_ALIKE = ("performance.micro_batch_overhead_tokens=256",)
_KEPT = ("spec.yaml", "spec.resolved.yaml", "plan.json", "lock.json", "metrics.json", "log.txt")


def training_checks_of(subject: Subject, *, profile: str = "smoke") -> list[Check]:
    """The checks of a plugin that need the ``train`` extra and the libraries of the plugin.

    Every spec in the project's ``specs/`` runs with ``profile``, which should have few steps and
    few rows.
    """
    checks = [
        Check("hashes alike", title(component), _hash_check(component, subject))
        for component in subject.components
        if component.kind == "transform"
    ]
    folder = subject.project / "specs" if subject.project is not None else None
    for path in sorted(folder.glob("*.yaml")) if folder is not None else ():
        checks.append(Check(f"runs under {profile}", path.name, _run_check(path, subject, profile)))
    return checks


def _hash_check(component: Component, subject: Subject) -> Callable[[], None]:
    """Two transforms with the same config have the same hash, or caches never hit."""

    def run() -> None:
        try:
            factory = load_factory(component)
        except (MissingExtraError, ImportError, AttributeError) as error:
            raise SkipTest(str(error)) from None
        config = component.config.model_validate(subject.least_keys(component))
        context = Context(section=(), seed=1, note=lambda text: None)
        one, other = (Hasher.hash(factory(config, context)) for _ in range(2))
        require(
            one == other,
            f'two of "{component.name}" with the same config have different hashes; do not keep '
            "open files, locks and other unique objects in its attributes",
        )

    return run


def _run_check(path: Path, subject: Subject, profile: str) -> Callable[[], None]:
    def run() -> None:
        with quiet_libraries(), tempfile.TemporaryDirectory(prefix="ftspec-") as folder:
            plan = _plan_of(path, subject, profile, Path(folder))
            try:
                first = _execute(plan, path, subject)
            except MissingExtraError as error:
                raise SkipTest(str(error)) from None
            again, compiled = _train(plan)
            losses = _losses(first)
            require(losses, "nothing was logged; give the profile logging_steps: 1")
            require(all(map(math.isfinite, losses)), f"the losses are {losses}")
            require(losses == again, f"the same seed gave the losses {losses}, then {again}")
            _check_prediction(plan, first, compiled)

    return run


def _plan_of(path: Path, subject: Subject, profile: str, folder: Path) -> Plan:
    found = Collector()
    source = read_source(path, found)
    assert source is not None, tuple(found)
    registry = subject.registry
    return plan_spec(source, folder, registry=registry, profile=profile, overrides=_ALIKE)


def _execute(plan: Plan, path: Path, subject: Subject) -> RunDirectory:
    run_dir = execute(
        plan,
        start_run(plan, path.read_text(encoding="utf-8")),
        registry=subject.registry,
        watcher=Listener(),
        command=["ftspec", "run", str(path)],
    ).run_dir
    absent = [name for name in _KEPT if not (run_dir.path / name).is_file()]
    require(not absent, f"the run directory has no {', '.join(absent)}")
    return run_dir


def _train(plan: Plan) -> tuple[list[float], CompiledRun]:
    compiled = compile_plan(plan)
    compiled.trainer.train()
    history = compiled.trainer.state.log_history
    return [record["loss"] for record in history if "loss" in record], compiled


def _losses(run_dir: RunDirectory) -> list[float]:
    lines = (run_dir.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [record["loss"] for record in map(json.loads, lines) if "loss" in record]


def _check_prediction(plan: Plan, run_dir: RunDirectory, compiled: CompiledRun) -> None:
    """The saved model returns a JSON mapping for each of two training rows."""
    inputs = plan.task.component.inputs
    fields = compiled.data.fields["train"]
    rows = list(fields.take(2)) if not isinstance(fields, Dataset) else list(fields.select([0, 1]))
    given = [{name: row[name] for name in inputs if name in row} for row in rows]
    trained = load_trained(plan, run_dir, drop_note)
    results = Predictor(plan, trained, drop_note).predict_fields(given)
    require(len(results) == len(given), f"it gave {len(results)} results for {len(given)} rows")
    for result in results:
        require(isinstance(result, Mapping), f"a result is a mapping, found {result!r}")
        json.dumps(result, allow_nan=False)
