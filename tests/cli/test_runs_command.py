"""`ftspec runs`: what was run, which was best, and room on the disk. Without torch."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ftspec.ownership import take
from ftspec.rundir import RunDirectory, Status
from tests.cli.command import Done, assert_no_traceback
from tests.cli.light import ftspec

RATES = {"a": 1e-4, "b": 3e-4, "c": 1e-3}
F1 = {"a": 0.81, "b": 0.93, "c": None}


def write_run(folder: Path, status: Status, rate: float, f1: float | None, seed: int = 1) -> Path:
    run = RunDirectory(folder)
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "model.safetensors").write_bytes(b"\0" * 1_000_000)
    (folder / "checkpoints" / "checkpoint-2").mkdir(parents=True)
    (folder / "checkpoints" / "checkpoint-2" / "optimizer.pt").write_bytes(b"\0" * 2_000_000)
    spec = {
        "name": folder.parent.name,
        "seed": seed,
        "training": {"learning_rate": rate, "max_steps": 5},
        "output": {"dir": str(folder)},
    }
    run.write_json("plan.json", {"version": 1, "spec": spec})
    metrics = {"train": {"loss": 0.5}, "validation": {"loss": 0.4, "f1": f1}}
    if status == "finished":
        run.write_json("metrics.json", metrics)
    run.set_status("created")
    run.set_status(status)
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Runs of two specs: finished ones, one that failed, one that died, and one that is damaged."""
    folder = tmp_path / "runs"
    for name, rate in RATES.items():
        write_run(folder / "reviews" / name, "finished", rate, F1[name])
    write_run(folder / "reviews" / "d", "failed", 1e-3, None)
    write_run(folder / "topics" / "e", "training", 1e-3, None)
    damaged = write_run(folder / "topics" / "f", "finished", 1e-3, 0.5)
    for name in ("status.json", "plan.json", "metrics.json"):
        (damaged / name).write_text("{")
    return folder


def said(*arguments: str | Path, code: int = 0) -> Done:
    """What a command says; to a question the answer is no."""
    done = ftspec("runs", *arguments, stdin="n\n")
    assert done.code == code, done.said
    assert_no_traceback(done)
    return done


def listed(folder: Path, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(said("ls", folder, *options, "--format", "json").out)
    return found


def names(folder: Path, *options: str) -> list[str]:
    return [Path(run["path"]).name for run in listed(folder, *options)]


def test_each_run_is_listed_with_what_varies_and_how_it_ended(runs: Path) -> None:
    found = {Path(run["path"]).name: run for run in listed(runs)}
    assert list(found) == ["f", "e", "d", "c", "b", "a"]
    states = {name: run["status"] for name, run in found.items()}
    assert states == {
        **dict.fromkeys("abc", "finished"),
        "d": "failed",
        "e": "dead",
        "f": "unreadable",
    }
    assert found["b"]["varied"] == {"training.learning_rate": 3e-4}
    assert found["b"]["metrics"]["validation/f1"] == 0.93
    assert found["b"]["size"] > 3_000_000
    text = said("ls", runs).out
    assert "validation/f1" in text.splitlines()[0]
    assert "learning_rate=0.0003" in text
    assert text.endswith(f"6 runs in {runs}\n")


def test_run_that_a_process_has_is_running(runs: Path) -> None:
    owned = take(runs / "topics" / "e")
    try:
        assert listed(runs, "--where", "name=topics", "--where", "status=running")
    finally:
        owned.release()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--where", "status=finished"), "cba"),
        (("--where", "validation/f1>0.9"), "b"),
        (("--where", "f1<=0.81"), "a"),
        (("--where", "training.learning_rate=1e-3", "--where", "status!=dead"), "dc"),
        (("--where", "name=nothing"), ""),
        (("--sort", "validation/f1"), "bafedc"),
        (("--sort", "training.learning_rate", "--where", "status=finished"), "cba"),
        (("--sort", "validation/loss", "--where", "status=finished"), "cba"),
    ],
)
def test_runs_are_chosen_and_sorted(options: tuple[str, ...], expected: str, runs: Path) -> None:
    assert "".join(names(runs, *options)) == expected


def test_table_has_a_column_for_each_metric_and_key(runs: Path) -> None:
    done = said("ls", runs, "--format", "csv", "--where", "status=finished")
    rows = list(csv.DictReader(done.out.splitlines()))
    assert [row["training.learning_rate"] for row in rows] == ["0.001", "0.0003", "0.0001"]
    assert [row["validation/f1"] for row in rows] == ["nan", "0.93", "0.81"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("ls", "RUNS", "--where", "f1"), '"f1" is no condition; write, for example,'),
        (("ls", "RUNS", "--sort", "f2"), 'no run has a number "f2" to sort by; metrics are: train'),
        (("gc", "RUNS", "--keep-best", "f2"), 'has the metric "f2"; metrics are: train/loss'),
        (("rm", "RUNS/reviews"), 'reviews" is not a run directory'),
        (("show", "RUNS/none"), 'none" is not a run directory'),
    ],
)
def test_mistake_is_said(arguments: tuple[str, ...], expected: str, runs: Path) -> None:
    done = said(*(word.replace("RUNS", str(runs)) for word in arguments), code=2)
    assert expected in done.err


def test_weights_that_are_not_the_best_are_removed_and_nothing_else(runs: Path) -> None:
    before = {path for path in runs.rglob("*") if path.is_file()}
    asked = said("gc", runs, "--keep-best", "validation/f1")
    assert "remove the weights in 2 folders, 3.0 MB?" in asked.out + asked.err
    assert {path for path in runs.rglob("*") if path.is_file()} == before
    done = said("gc", runs, "--keep-best", "validation/f1", "--yes")
    assert "removed the weights in 2 folders, 3.0 MB" in done.out
    gone = before - {path for path in runs.rglob("*") if path.is_file()}
    assert {path.name for path in gone} == {"model.safetensors", "optimizer.pt"}
    assert {path.relative_to(runs).parts[1] for path in gone} == {"a"}


def test_only_idle_runs_are_removed(runs: Path) -> None:
    folder = runs / "reviews" / "a"
    owned = take(folder)
    try:
        assert "has the run in" in said("rm", folder, "--yes", code=2).err
    finally:
        owned.release()
    assert "nothing was removed" in said("rm", folder).out
    said("rm", folder, "--yes")
    assert not folder.exists()
    assert (runs / "reviews" / "b").exists()


def test_one_run_is_shown(runs: Path) -> None:
    done = said("show", runs / "reviews" / "b")
    assert done.out.startswith("reviews: finished, 0:0")
    assert "\nvalidation/f1    0.9300\n" in done.out
    facts = json.loads(said("show", runs / "topics" / "f", "--format", "json").out)
    assert facts["status"] == "unreadable"


def test_nothing_heavy_is_imported(runs: Path) -> None:
    program = (
        "import sys; from ftspec.cli import cli\n"
        f"cli.main(['runs', 'ls', {str(runs)!r}], standalone_mode=False)\n"
        "heavy = {'torch', 'transformers', 'datasets', 'numpy', 'pandas'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
