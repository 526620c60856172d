"""What ``ftspec evaluate``, its intervals and ``ftspec runs ls`` cost.

The model is that of specs/quickstart.yaml, trained for a few steps, and evaluated on its 600 test
rows. "forward passes" is the time inside the model, "evaluation" is all the Trainer does for the
same batches in the same pass, and "with scores" adds decoding, metrics, 1,000 bootstrap draws,
tables, curves and per-row values. Reading the rows and loading the model are not counted.

The intervals are those of eight metrics of 10,000 rows of six classes. The runs are 1,000 run
directories, each with the files that the command reads.

The goals: evaluation takes 1.05 times the forward passes, the intervals two seconds of one core,
and the list a second.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import ROOT, python, run, run_interleaved
from benchmarks.rows import Row, compare

SPEC = "specs/quickstart.yaml"
_ROWS, _CLASSES, _RUNS = 10_000, 6, 1_000
_METRICS = (
    "accuracy",
    "{type: f1, average: macro}",
    "{type: f1, average: micro}",
    "{type: f1, average: weighted}",
    "{type: precision, average: macro}",
    "{type: recall, average: macro}",
    "{type: recall, average: weighted}",
    "matthews_correlation",
)


def measure(rounds: int) -> Iterator[Row]:
    """Seconds of each part of an evaluation, of the intervals, and of the list."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _measure_evaluation(Path(folder), rounds)
        yield from _measure_intervals(rounds)
        yield from _measure_list(Path(folder, "many"), rounds)


def _measure_evaluation(folder: Path, rounds: int) -> Iterator[Row]:
    run(
        python(
            *("-m", "ftspec", "run", SPEC, "--output-dir", str(folder / "runs")),
            *("--set", "training.max_steps=5", "--set", "performance.precision=fp32"),
        )
    )
    [run_dir] = folder.glob("runs/*/*")
    parts: dict[str, list[float]] = {}
    for _ in range(rounds):
        for part, seconds in _in_process("evaluate_once", str(run_dir)).items():
            parts.setdefault(part, []).append(seconds)
    yield from compare("wall time, s", parts, to="forward passes")


def _measure_intervals(rounds: int) -> Iterator[Row]:
    times = [_in_process("draw_once")["intervals"] for _ in range(rounds)]
    yield from compare("CPU time, s", {"intervals": times})


def _measure_list(folder: Path, rounds: int) -> Iterator[Row]:
    for number in range(_RUNS):
        _write_run(folder / f"sweep-{number % 7}" / f"20260101T{number:06d}Z", number)
    command = python(
        *("-m", "ftspec", "runs", "ls", str(folder), "--sort", "validation/f1"),
        says=f"{_RUNS} runs in",
    )
    used = run_interleaved({"runs ls": command}, rounds)
    times = {case: [one.clock for one in usages] for case, usages in used.items()}
    yield from compare("wall time, s", times)


def _write_run(folder: Path, number: int) -> None:
    from ftspec.rundir import RunDirectory

    folder.mkdir(parents=True)
    run_dir = RunDirectory(folder)
    training = {"learning_rate": 1e-5 * (number % 11), "max_steps": 100}
    spec = {"name": folder.parent.name, "seed": number, "training": training}
    run_dir.write_json("plan.json", {"version": 1, "spec": spec})
    run_dir.write_json("metrics.json", {"validation": {"loss": 0.5, "f1": number / _RUNS}})
    run_dir.set_status("created")
    run_dir.set_status("finished")


def _in_process(function: str, *arguments: str) -> dict[str, float]:
    """The numbers that a function of this module prints, in a process of its own."""
    call = f"from benchmarks.evaluation import {function}; {function}(*{list(arguments)!r})"
    done = subprocess.run(
        [sys.executable, "-c", call], cwd=ROOT, capture_output=True, text=True, check=True
    )
    seconds: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


def evaluate_once(path: str) -> None:
    """Evaluate a run; print the seconds of each part as JSON."""
    from torch.nn.modules import module as hooks

    from ftspec.cli.inputs.run_plan import plan_of
    from ftspec.cli.terminal.watchers import PlainWatcher
    from ftspec.engine.artifacts.evaluate import evaluate
    from ftspec.engine.artifacts.evaluated_rows import Asked
    from ftspec.engine.patches.quiet_libraries import quiet_libraries
    from ftspec.engine.progress.run_log import RunLog
    from ftspec.rundir import RunDirectory

    began: list[float] = []
    inside = {"began": 0.0, "forward passes": 0.0}

    def begin(*_: object) -> None:
        began.append(time.perf_counter())
        inside["began"] = inside["began"] or began[-1]

    def end(*_: object) -> None:
        started = began.pop()
        if not began:  # the model, and none of the modules in it
            inside["forward passes"] += time.perf_counter() - started

    hooks.register_module_forward_pre_hook(begin)
    hooks.register_module_forward_hook(end)
    run_dir = RunDirectory(Path(path))
    plan = plan_of(run_dir)
    with (
        tempfile.TemporaryDirectory() as folder,
        quiet_libraries(),
        RunLog(Path(folder, "log.txt"), PlainWatcher()) as log,
    ):
        evaluation = evaluate(plan, run_dir, Asked("test", None), Path(folder), log)
    whole = time.perf_counter() - inside["began"]
    parts = {
        "forward passes": inside["forward passes"],
        "evaluation": evaluation.seconds,
        "with scores": whole,
    }
    print(json.dumps(parts))


def draw_once() -> None:
    """Compute the intervals of eight metrics; print the seconds of CPU as JSON."""
    import numpy as np

    from ftspec.engine.components.factories import build, make_contexts
    from ftspec.engine.scores.intervals import intervals_of
    from ftspec.linting import examine
    from ftspec.registry.discover import build_registry
    from ftspec.span import SourceText

    text = Path(SPEC).read_text(encoding="utf-8")
    metrics = f"metrics=[{', '.join(_METRICS)}]"
    plan = examine(SourceText(SPEC, text), build_registry(), overrides=(metrics,)).plan
    assert plan is not None
    modules = [build(one, make_contexts(plan, print)) for one in plan.metrics]
    random = np.random.default_rng(1)
    references = random.integers(0, _CLASSES, _ROWS)
    is_right = random.random(_ROWS) < 0.9
    predictions = np.where(is_right, references, random.integers(0, _CLASSES, _ROWS))
    began = time.process_time()
    found = intervals_of(modules, predictions, references, seed=1)
    seconds = time.process_time() - began
    assert found
    print(json.dumps({"intervals": seconds}))
