"""`ftspec run` started by torchrun: two processes make one run, and only the first prints."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli import specs
from tests.cli.command import FTSPEC, Done, ftspec, run
from tests.cli.conftest import Start
from tests.cli.interrupting import rest_of, said_until, started
from tests.cli.placing import SPEC, placed
from tests.cli.warm import Warm

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.xdist_group("several processes"),  # which share what they start
]

LAUNCH = (
    sys.executable,
    "-m",
    "torch.distributed.run",
    "--standalone",
    "--nproc-per-node=2",
    "-m",
    "ftspec",
)

STEPS = 200
LONG = ("--set", f"training.max_steps={STEPS}", "--set", "training.eval_strategy=no")
"""Long enough to be interrupted after the first step."""

BREAKS = """
import os

if os.environ.get("LOCAL_RANK") == "1":
    import torch.optim

    def step(*arguments, **options):
        raise RuntimeError("the second device fell off")

    torch.optim.AdamW.step = step
"""


FROM_PYTHON = """
import json, os, sys

import ftspec

run = ftspec.run("run.yaml", overrides={"training.max_steps": 2}, output_dir="python")
try:
    ftspec.run("run.yaml")
except ftspec.UsageError as error:
    said = str(error)
seen = {"path": str(run.path), "status": run.status, "metrics": run.metrics, "said": said}
with open(f"seen-{os.environ['RANK']}.json", "w") as file:
    json.dump(seen, file)
"""

LAUNCHER = "launcher: {type: torchrun, processes: 2, restarts: 2}\n"

KILLS = """
import os
import signal

KILLED = {("1", "0"): 5, ("0", "1"): 3}  # (process, attempt): the step of the attempt
step_to_die = KILLED.get((os.environ.get("RANK"), os.environ.get("TORCHELASTIC_RESTART_COUNT")))
if step_to_die is not None:
    import torch.optim

    steps = 0
    make_step = torch.optim.AdamW.step

    def step(*arguments, **options):
        global steps
        steps += 1
        if steps == step_to_die:
            os.kill(os.getpid(), signal.SIGKILL)
        return make_step(*arguments, **options)

    torch.optim.AdamW.step = step
"""


@dataclass(frozen=True)
class Interrupted:
    """The output and the status of a run that was terminated, and the run that resumed it."""

    said: str
    code: int
    status: dict[str, Any]
    run_dir: Path
    resumed: tuple[Done, Done]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The spec and its data, a spec whose mistake shows in the data, and one that lint refuses."""
    folder = tmp_path_factory.mktemp("several")
    specs.write_data(folder)
    (folder / "run.yaml").write_text(SPEC, encoding="utf-8")
    unseen = SPEC.replace("task: text-classification", "task: {type: text-classification, %s}")
    (folder / "launched.yaml").write_text(SPEC + LAUNCHER, encoding="utf-8")
    (folder / "data.yaml").write_text(unseen % "labels: [animal, plant]", encoding="utf-8")
    (folder / "key.yaml").write_text(SPEC.replace("max_steps", "max_step"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def env(local: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with an empty cache of rows."""
    cache = str(tmp_path_factory.mktemp("cache"))
    return local | {"GLOO_SOCKET_IFNAME": "lo", "FTSPEC_CACHE": cache}


def launched(*arguments: str | Path, env: dict[str, str]) -> Done:
    """Run `ftspec` in two processes, started by torchrun."""
    return run([*LAUNCH, *map(str, arguments)], env=env)


@pytest.fixture(scope="module")
def interrupted(start: Start, warm: Warm, folder: Path, env: dict[str, str]) -> Future[Interrupted]:
    future: Future[Interrupted] = start(_interrupt, warm, folder, env)
    return future


@pytest.fixture(scope="module")
def two(start: Start, interrupted: Any, folder: Path, env: dict[str, str]) -> Future[Done]:
    output = folder / "two"
    future: Future[Done] = start(
        launched, "run", folder / "run.yaml", "--output-dir", output, env=env
    )
    return future


@pytest.fixture(scope="module")
def breaking(start: Start, two: Any, folder: Path, env: dict[str, str]) -> Future[Done]:
    site = folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(BREAKS, encoding="utf-8")
    arguments = ("run", folder / "run.yaml", "--output-dir", folder / "breaking")
    future: Future[Done] = start(launched, *arguments, env=env | {"PYTHONPATH": str(site)})
    return future


@pytest.fixture(scope="module")
def killed(start: Start, breaking: Any, folder: Path, env: dict[str, str]) -> Future[Done]:
    site = folder / "killing"
    site.mkdir()
    (site / "sitecustomize.py").write_text(KILLS, encoding="utf-8")
    arguments = ("run", folder / "launched.yaml", "--output-dir", folder / "killed")
    future: Future[Done] = start(
        ftspec,
        *arguments,
        *("--set", "training.save_steps=2"),
        env=env | {"PYTHONPATH": str(site)},
    )
    return future


def _interrupt(warm: Warm, folder: Path, env: dict[str, str]) -> Interrupted:
    output = folder / "interrupted"
    arguments = ("run", str(folder / "run.yaml"), "--output-dir", str(output), *LONG)
    with started([*FTSPEC, *arguments, "--processes", "2"], env) as process:
        said = said_until(process, lambda line: line.strip().startswith(f"step 1/{STEPS}"))
        process.send_signal(signal.SIGTERM)
        process.wait()
        said += rest_of(process)
    [run_dir] = output.glob("*/*")
    status = read_json(run_dir, "status.json")
    shutil.copytree(run_dir, folder / "left")
    resumed = placed(warm, *arguments, "--resume", "auto", env=env)
    return Interrupted(said, process.returncode, status, run_dir, resumed)


def read_json(run_dir: Path, name: str) -> Any:
    return json.loads((run_dir / name).read_text(encoding="utf-8"))


def logged(run_dir: Path, key: str) -> list[tuple[int, float]]:
    """The steps at which a number was logged, with the number."""
    lines = (run_dir / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    return [(record["step"], record[key]) for record in records if key in record]


def test_two_processes_make_one_run(two: Future[Done], folder: Path) -> None:
    done = two.result()
    assert done.code == 0, done.said
    [run_dir] = (folder / "two" / "small").iterdir()
    assert read_json(run_dir, "status.json")["status"] == "finished"
    assert read_json(run_dir, "lock.json")["processes"] == 2
    assert [step for step, _ in logged(run_dir, "loss")] == list(range(1, 9))
    assert [step for step, _ in logged(run_dir, "eval_loss")] == [4, 8]
    assert (run_dir / "model" / "model.safetensors").is_file()
    assert [path.name for path in (run_dir / "logs").iterdir()] == ["process-2.txt"]


def test_the_first_process_prints_for_both(two: Future[Done], folder: Path) -> None:
    done = two.result()
    lines = [line.strip() for line in done.err.splitlines()]
    [run_dir] = (folder / "two" / "small").iterdir()
    for said in (f"run directory: {run_dir}", "preparing data", "training", "saving"):
        assert lines.count(said) == 1, done.said
    assert "2 processes: a step has 8 rows, 2 x 4" in lines
    assert done.out.count("ftspec predict") == 1


def test_rows_are_prepared_by_one_of_the_processes(two: Future[Done], folder: Path) -> None:
    two.result()
    [run_dir] = (folder / "two" / "small").iterdir()
    second = (run_dir / "logs" / "process-2.txt").read_text(encoding="utf-8")
    assert "train: 40 rows, prepared before" in second
    assert "validation: 11 rows, prepared before" in second


def test_two_processes_learn_what_one_learns_from_their_rows(
    two: Future[Done], warm: Warm, folder: Path, env: dict[str, str]
) -> None:
    two.result()
    eight = ("--set", "training.per_device_train_batch_size=8")
    done = warm.ftspec("run", folder / "run.yaml", *eight, "--output-dir", folder / "one", env=env)
    assert done.code == 0, done.said
    [by_one], [by_two] = ((folder / name / "small").iterdir() for name in ("one", "two"))
    for key in ("loss", "grad_norm", "eval_loss", "eval_accuracy"):
        values = [value for _, value in logged(by_two, key)]
        assert values == pytest.approx([value for _, value in logged(by_one, key)], rel=1e-4), key


def test_termination_leaves_a_checkpoint(interrupted: Future[Interrupted], folder: Path) -> None:
    stopped = interrupted.result()
    assert stopped.status["status"] == "interrupted"
    assert stopped.said.count("stopping after this step, with a checkpoint\n") == 1
    ended = f"interrupted; what the run has written is in {stopped.run_dir}\n"
    assert stopped.said.count(ended) == 1
    resume = f"resume it with: ftspec run {stopped.run_dir / 'spec.resolved.yaml'} --resume "
    assert f"{resume}{stopped.run_dir} --processes 2\n" in stopped.said
    assert stopped.code == 130
    assert "Traceback" not in stopped.said
    [checkpoint] = (folder / "left" / "checkpoints").iterdir()
    assert {"rng_state_0.pth", "rng_state_1.pth"} <= {path.name for path in checkpoint.iterdir()}


def test_all_processes_resume_the_same_run(interrupted: Future[Interrupted]) -> None:
    stopped = interrupted.result()
    for resumed in stopped.resumed:
        assert resumed.code == 0, resumed.said
    assert list(stopped.run_dir.parent.iterdir()) == [stopped.run_dir]
    assert read_json(stopped.run_dir, "status.json")["status"] == "finished"
    assert [step for step, _ in logged(stopped.run_dir, "loss")] == list(range(1, STEPS + 1))


def test_resuming_with_fewer_processes_is_refused(
    interrupted: Future[Interrupted], warm: Warm, folder: Path, env: dict[str, str]
) -> None:
    interrupted.result()
    left = folder / "left"
    before = read_json(left, "status.json")
    done = warm.ftspec("run", folder / "run.yaml", *LONG, "--resume", left, env=env)
    assert done.code == 1, done.said
    assert "error[lock-drift]: the run began with 2 processes, not with 1" in done.err
    assert read_json(left, "status.json") == before
    assert "preparing data" not in done.err


@pytest.mark.parametrize(("name", "slug"), [("key", "unknown-key"), ("data", "unseen-label")])
def test_mistake_is_reported_once(
    name: str, slug: str, warm: Warm, folder: Path, env: dict[str, str]
) -> None:
    arguments = ("run", folder / f"{name}.yaml", "--output-dir", folder / name)
    first, second = placed(warm, *arguments, env=env)
    assert first.code == second.code == 1, first.said + second.said
    assert first.err.count("error[") == first.err.count(f"error[{slug}]") == 1, first.err
    assert second.err == ""
    assert list((folder / name).glob("*/*")) == []  # lint finds both


def test_failure_of_the_second_process_ends_both(breaking: Future[Done], folder: Path) -> None:
    done = breaking.result()
    assert done.code == 1
    said = "error: the run failed: RuntimeError: the second device fell off (in process 2 of 2, on "
    assert done.err.count(said) == 1, done.err
    [run_dir] = (folder / "breaking" / "small").iterdir()
    log = run_dir / "logs" / "process-2.txt"
    assert f"the traceback is in {log}\n" in done.err
    assert "Traceback (most recent call last)" in log.read_text(encoding="utf-8")
    status = read_json(run_dir, "status.json")
    assert status["status"] == "failed"
    assert status["error"].startswith("RuntimeError: the second device fell off")


def test_run_whose_processes_are_killed_ends_as_if_they_were_not(
    killed: Future[Done], two: Future[Done], folder: Path
) -> None:
    two.result()
    done = killed.result()
    assert done.code == 0, done.said
    [undisturbed], [run_dir] = ((folder / name / "small").iterdir() for name in ("two", "killed"))
    assert done.err.count("resuming from step ") == 2, done.said
    weights = [one / "model" / "model.safetensors" for one in (undisturbed, run_dir)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert [step for step, _ in logged(run_dir, "loss")] == list(range(1, 9))


def test_dry_run_counts_the_processes(warm: Warm, folder: Path, env: dict[str, str]) -> None:
    epochs = ("--set", "training.max_steps=-1", "--set", "training.num_train_epochs=3")
    first, second = placed(warm, "run", folder / "run.yaml", "--dry-run", *epochs, env=env)
    assert first.code == second.code == 0, first.said + second.said
    _, steps, disk, end = first.out.splitlines()
    assert (steps, end) == ("15 steps in 3 epochs", "nothing was trained")
    assert disk.startswith("disk: ")
    assert second.out == second.err == ""


def test_measuring_is_for_one_process(warm: Warm, folder: Path, env: dict[str, str]) -> None:
    first, second = placed(warm, "plan", folder / "run.yaml", "--measure", env=env)
    assert first.code == second.code == 2, first.said + second.said
    said = "error: ftspec plan --measure runs in a single process; start it without a launcher\n"
    assert first.err.count(said) == 1, first.err
    assert second.err == ""


def test_python_programs_that_torchrun_starts_make_one_run(
    folder: Path, env: dict[str, str]
) -> None:
    (folder / "program.py").write_text(FROM_PYTHON, encoding="utf-8")
    done = run([*LAUNCH[:-2], "program.py"], cwd=folder, env=env)
    assert done.code == 0, done.said
    first, second = (json.loads((folder / f"seen-{rank}.json").read_text()) for rank in (0, 1))
    assert first == second
    assert first["status"] == "finished"
    assert "validation/f1" in first["metrics"]
    assert first["said"].startswith("several processes make one run each time they are started")
    assert [str(path) for path in folder.glob("python/small/*")] == [first["path"]]
    assert json.loads(Path(first["path"], "lock.json").read_text())["wrapper"] == "ddp"
