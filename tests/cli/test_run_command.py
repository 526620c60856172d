"""`ftspec run`: its run directory, its options, and interruption."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli import specs
from tests.cli.command import FTSPEC, SPECS, Done, assert_no_traceback, ftspec, run
from tests.cli.conftest import SmokeRuns, Start
from tests.cli.interrupting import rest_of, said_until, started
from tests.cli.warm import Warm

pytestmark = pytest.mark.slow

# a step takes about 0.1 seconds: time to interrupt the run, and little time once it is resumed
MANY_STEPS = ("--set", "training.max_steps=40", "--set", "training.save_strategy=no")

JSON = ("--format", "json")
ARGUMENTS = {
    "overridden": ("--set", "training.max_steps=2", "--set", "name=other"),
    "dry": (
        "--dry-run",
        "--set",
        "training={num_train_epochs: 3, max_steps: -1, per_device_train_batch_size: 8}",
    ),
    "failing": JSON,
}
ON_A_TERMINAL = (
    sys.executable,
    "-c",
    "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))",
)
NO_MEMORY = """
import torch.optim

def step(*arguments, **options):
    raise RuntimeError("CUDA out of memory, say")

torch.optim.AdamW.step = step
"""

Runs = dict[str, tuple[Path, "Future[Done]"]]


@dataclass(frozen=True)
class Interrupted:
    """A run that received SIGINT in training, and the run that resumed it."""

    code: int
    err: str
    run_dir: Path
    status: dict[str, Any]
    resumed: Done


@pytest.fixture(scope="module")
def spec(data_folder: Path) -> Path:
    path = data_folder / "run.yaml"
    path.write_text(specs.CLASSIFIER, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def interrupted(
    start: Start,
    warm: Warm,
    spec: Path,
    local: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Future[Interrupted]:
    """Starts first, because it takes longest."""
    future: Future[Interrupted] = start(
        _interrupt, warm, spec, tmp_path_factory.mktemp("stop"), local
    )
    return future


@pytest.fixture(scope="module")
def runs(
    start: Start,
    interrupted: Future[Interrupted],
    spec: Path,
    local: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Runs:
    """Runs by name, each with its folder, which is its output, TMPDIR and PYTHONPATH."""
    started = {}
    for name, arguments in ARGUMENTS.items():
        folder = tmp_path_factory.mktemp(name)
        output = folder / "new" / "folder"
        env = local | {"TMPDIR": str(folder), "PYTHONPATH": str(folder)}
        if name == "failing":
            (folder / "sitecustomize.py").write_text(NO_MEMORY, encoding="utf-8")
        command = [*FTSPEC, "run", str(spec), "--output-dir", str(output), *arguments]
        if name == "overridden":
            command = [*ON_A_TERMINAL, *command]
        started[name] = (folder, start(run, command, env=env))
    return started


def _interrupt(warm: Warm, spec: Path, output: Path, env: dict[str, str]) -> Interrupted:
    command = [*FTSPEC, "run", str(spec), "--output-dir", str(output), *MANY_STEPS]
    with started(command, env) as process:
        said = said_until(process, lambda line: line.strip().startswith("step 1/40"))
        process.send_signal(signal.SIGINT)
        code = process.wait()
        said += rest_of(process)
    [run_dir] = output.glob("*/*")
    status = json.loads((run_dir / "status.json").read_text(encoding="utf-8"))
    hint = "resume it with: ftspec "
    [line] = [line for line in said.splitlines() if line.startswith(hint)] or [""]
    arguments = shlex.split(line.removeprefix(hint))
    return Interrupted(code, said, run_dir, status, warm.ftspec(*arguments, *JSON, env=env))


def test_run_directory_holds_everything(smoke_runs: SmokeRuns) -> None:
    quickstart = smoke_runs("quickstart").result()
    run_dir = quickstart.run_dir
    names = {path.name for path in run_dir.iterdir()}
    assert names >= {
        "spec.yaml",
        "spec.resolved.yaml",
        "plan.json",
        "origins.json",
        "lock.json",
        "data.json",
        "status.json",
        "metrics.json",
        "metrics.jsonl",
        "model",
        "report.html",
        "tensorboard",
        "log.txt",
    }
    assert run_dir.parent.name == "quickstart"
    assert f"  run directory: {run_dir}\n" in quickstart.done.err
    assert f"ftspec predict {run_dir} 'some text'" in quickstart.done.out
    lock = quickstart.read_json("lock.json")
    assert lock["command"][:2] == ["ftspec", "run"]
    assert lock["command"][3:5] == ["--profile", "smoke"]


def test_resolved_spec_lints_and_is_the_same_plan(smoke_runs: SmokeRuns) -> None:
    resolved = smoke_runs("quickstart").result().run_dir / "spec.resolved.yaml"
    assert ftspec("lint", resolved).code == 0
    plan = ftspec("plan", resolved).out.splitlines()[0]
    assert (
        plan == ftspec("plan", SPECS / "quickstart.yaml", "--profile", "smoke").out.splitlines()[0]
    )


def test_finished_run_is_not_run_again(smoke_runs: SmokeRuns) -> None:
    run_dir = smoke_runs("quickstart").result().run_dir
    before = (run_dir / "status.json").read_bytes()
    done = ftspec("run", run_dir / "spec.resolved.yaml", "--resume", run_dir)
    assert done.code == 0, done.said
    assert done.out == f"the run in {run_dir} is finished: nothing is left to do\n"
    again = ftspec("run", run_dir / "spec.resolved.yaml", "--resume", run_dir, *JSON)
    facts = json.loads(again.out)
    assert (facts["run_dir"], facts["status"]) == (str(run_dir), "finished")
    assert (run_dir / "status.json").read_bytes() == before


def test_another_spec_does_not_resume_a_run(smoke_runs: SmokeRuns, spec: Path) -> None:
    run_dir = smoke_runs("quickstart").result().run_dir
    done = ftspec("run", spec, "--resume", run_dir)
    assert (done.code, done.out) == (2, ""), done.said
    assert "the spec is not the one" in done.err
    assert str(run_dir / "spec.resolved.yaml") in done.err


def test_a_run_that_makes_no_folder_prints_no_object(spec: Path) -> None:
    done = ftspec("run", spec, "--dry-run", *JSON)
    assert (done.code, done.out) == (2, ""), done.said
    assert done.err == (
        "error: --dry-run has no run to print; it does not work with --format json\n"
    )
    done = ftspec("run", spec, *JSON, "--set", "training.max_step=1")
    assert (done.code, done.out) == (1, ""), done.said


def test_resuming_what_is_not_a_run(spec: Path, tmp_path: Path) -> None:
    done = ftspec("run", spec, "--resume", tmp_path)
    assert (done.code, done.out) == (1, ""), done.said
    assert f'error[no-run]: "{tmp_path}" is not a run directory' in done.err


def test_interruption_keeps_a_checkpoint(interrupted: Future[Interrupted]) -> None:
    stopped = interrupted.result()
    assert stopped.code == 130, stopped.err
    assert "Traceback" not in stopped.err
    assert "stopping after this step, with a checkpoint" in stopped.err
    assert f"interrupted; what the run has written is in {stopped.run_dir}\n" in stopped.err
    assert stopped.status["status"] == "interrupted"


def test_interrupted_run_resumes_with_the_printed_command(interrupted: Future[Interrupted]) -> None:
    stopped = interrupted.result()
    assert stopped.resumed.code == 0, stopped.resumed.said
    assert "  resuming from step " in stopped.resumed.err
    assert "step 40/40" in stopped.resumed.err
    status = json.loads((stopped.run_dir / "status.json").read_text(encoding="utf-8"))
    assert status["status"] == "finished"
    assert (stopped.run_dir / "model" / "config.json").is_file()
    facts = json.loads(stopped.resumed.out)
    metrics = json.loads((stopped.run_dir / "metrics.json").read_text(encoding="utf-8"))
    assert facts.keys() == {"run_dir", "name", "status", "seconds", "error", "metrics"}
    assert (facts["run_dir"], facts["name"]) == (str(stopped.run_dir), "small")
    assert (facts["status"], facts["error"]) == ("finished", None)
    assert facts["metrics"]["validation/f1"] == metrics["validation"]["f1"]


def test_overrides_and_output_dir(runs: Runs) -> None:
    folder, future = runs["overridden"]
    done = future.result()
    assert done.code == 0, done.said
    output = folder / "new" / "folder"
    [run_dir] = (output / "other").iterdir()
    plan = json.loads((run_dir / "plan.json").read_text(encoding="utf-8"))["spec"]
    assert plan["training"] == {"max_steps": 2}
    assert plan["output"] == {"dir": str(output), "keep_optimizer": False}
    assert json.loads((run_dir / "metrics.json").read_text(encoding="utf-8")).keys() == {
        "train",
        "validation",
    }


def test_bar_on_a_terminal(runs: Runs) -> None:
    done = runs["overridden"][1].result()
    assert done.code == 0, done.said
    lines = done.out.replace("\r\n", "\n")
    assert "\x1b[?25l" in lines  # the cursor is hidden while the bar moves
    assert "\x1b[?25h" in lines
    assert "\nsaving\n" in lines
    assert_no_traceback(done)


def test_dry_run_trains_nothing_and_leaves_nothing(runs: Runs) -> None:
    folder, future = runs["dry"]
    done = future.result()
    assert done.code == 0, done.said
    parameters, steps, disk, end = done.out.splitlines()
    assert disk.startswith("disk: ")
    assert " for 1 checkpoint and the model, of " in disk
    assert parameters.endswith(" parameters")
    assert steps == "12 steps in 3 epochs"  # 32 rows in batches of 8
    assert end == "nothing was trained"
    assert "training\n" not in done.err
    assert not (folder / "new").exists()
    assert list(folder.glob("ftspec-*")) == []


def test_failure_of_a_library_is_no_traceback(runs: Runs) -> None:
    """An unexpected error ends the run with one line. The traceback is in the log."""
    folder, future = runs["failing"]
    done = future.result()
    assert done.code == 1, done.said
    assert_no_traceback(done)
    [run_dir] = folder.glob("new/folder/*/*")
    assert "error: the run failed: RuntimeError: CUDA out of memory, say\n" in done.err
    assert f"the traceback is in {run_dir / 'log.txt'}\n" in done.err
    assert "Traceback (most recent call last)" in (run_dir / "log.txt").read_text(encoding="utf-8")
    assert json.loads((run_dir / "status.json").read_text(encoding="utf-8"))["status"] == "failed"
    facts = json.loads(done.out)
    assert (facts["run_dir"], facts["status"], facts["metrics"]) == (str(run_dir), "failed", {})
    assert facts["error"] == "CUDA out of memory, say"
