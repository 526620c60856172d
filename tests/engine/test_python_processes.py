"""Several Python programs that make one run, of which one fails or is killed. Some do what Ray
Train does in its workers: they connect torch themselves, and call `ftspec.run` in a thread."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli import specs
from tests.cli.command import own_environment
from tests.cli.placing import free_port, spec_with_checkpoints, weights_in

pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.xdist_group("python processes"),  # which share what they start
]

STEPS = 30
SECONDS = 600
SECONDS_TO_FAIL = 120
"""After one process has failed or is killed, the other one raises within so many. The processes
wait 20 of them for each other; torch would wait 1800."""

PROGRAM = """\
import json
import os

import ftspec

rank = os.environ["RANK"]
seen = {}


def main():
    try:
        run = ftspec.run("spec.yaml", output_dir="runs", resume="auto")
        seen.update(path=str(run.path), status=run.status)
    except ftspec.FtspecError as error:
        seen.update(error=type(error).__name__, said=str(error))


%s
with open(f"seen-{rank}.json", "w") as file:
    json.dump(seen, file)
"""

PLAIN = PROGRAM % "main()"

LIKE_RAY = (
    PROGRAM
    % """\
import threading

from torch import distributed

distributed.init_process_group("gloo", rank=int(rank), world_size=2)
thread = threading.Thread(target=main, daemon=True)
thread.start()
thread.join()
seen["is_connected"] = distributed.is_initialized()"""
)

BREAKS = """\
import torch

steps = 0
make_step = torch.optim.AdamW.step


def step(*arguments, **options):
    global steps
    steps += 1
    if steps == 8 and rank == "%s":
        raise RuntimeError("the device fell off")
    return make_step(*arguments, **options)


torch.optim.AdamW.step = step
main()"""


DIES = """\
if rank == "0":
    import time
    from datetime import timedelta

    from torch.distributed import rendezvous

    # returns when both are connected to the store, which the first process has
    store = next(rendezvous("env://", rank=0, world_size=2, timeout=timedelta(minutes=5)))
    time.sleep(1)
    os.kill(os.getpid(), 9)
main()"""

SILENT = "error: the run failed: the process ended without a word; it may have been killed (in "


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with one cache of rows for all runs."""
    cache = str(tmp_path_factory.mktemp("cache"))
    return own_environment(FTSPEC_CACHE=cache, GLOO_SOCKET_IFNAME="lo", HF_HOME=cache)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, env: dict[str, str]) -> str:
    """The weights that two processes leave."""
    folder = written(tmp_path_factory.mktemp("undisturbed"))
    with started(folder, PLAIN, env) as processes:
        first, second = (seen_by(rank, folder, processes) for rank in (0, 1))
    assert first == second
    assert first["status"] == "finished"
    return weights_in(folder / "runs")


def written(folder: Path) -> Path:
    """The folder, with the spec and its rows."""
    specs.write_data(folder)
    (folder / "spec.yaml").write_text(spec_with_checkpoints(STEPS), encoding="utf-8")
    return folder


@contextmanager
def started(
    folder: Path, program: str, env: dict[str, str]
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The program in two processes, which get their ranks from the environment alone."""
    (folder / "program.py").write_text(program, encoding="utf-8")
    place = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    processes = []
    for rank in ("0", "1"):
        with (folder / f"said-{rank}.txt").open("wb") as said:
            processes.append(
                subprocess.Popen(
                    [sys.executable, "program.py"],
                    cwd=folder,
                    env=env | place | {"RANK": rank, "LOCAL_RANK": rank},
                    stdout=said,
                    stderr=subprocess.STDOUT,
                )
            )
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def seen_by(
    rank: int, folder: Path, processes: list[subprocess.Popen[bytes]], seconds: float = SECONDS
) -> dict[str, Any]:
    """What a process has seen, which ends by itself in time."""
    try:
        code = processes[rank].wait(seconds)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"process {rank + 1} waits for ever: {said_in(folder)}") from None
    assert code == 0, said_in(folder)
    seen: dict[str, Any] = json.loads((folder / f"seen-{rank}.json").read_text(encoding="utf-8"))
    return seen


def said_in(folder: Path) -> str:
    return "".join(path.read_text() for path in sorted(folder.glob("said-*.txt")))


def has_a_checkpoint(folder: Path, processes: list[subprocess.Popen[bytes]]) -> None:
    """Wait for the second checkpoint."""
    until = time.monotonic() + SECONDS
    while not any(folder.glob("runs/*/*/checkpoints/checkpoint-6/manifest.json")):
        assert [process.poll() for process in processes] == [None, None], said_in(folder)
        assert time.monotonic() < until, said_in(folder)
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("victim", "error", "said"),
    [
        (0, "AnotherFailedError", SILENT),
        (1, "RunFailedError", "error: the run failed: another process of the run ended, or the "),
    ],
    ids=["first", "second"],
)
def test_the_other_raises_where_one_is_killed_and_both_go_on(
    victim: int, error: str, said: str, tmp_path: Path, env: dict[str, str], undisturbed: str
) -> None:
    folder = written(tmp_path)
    with started(folder, LIKE_RAY, env) as processes:
        has_a_checkpoint(folder, processes)
        processes[victim].kill()
        seen = seen_by(1 - victim, folder, processes, SECONDS_TO_FAIL)
    assert (seen["error"], seen["is_connected"]) == (error, True)
    assert seen["said"].startswith(said), seen["said"]
    assert not (folder / f"seen-{victim}.json").exists()

    with started(folder, LIKE_RAY, env) as processes:
        first, second = (seen_by(rank, folder, processes) for rank in (0, 1))
    assert first == second
    assert (first["status"], first["is_connected"]) == ("finished", True)
    log = (Path(first["path"]) / "log.txt").read_text(encoding="utf-8")
    assert log.count("resuming from step ") == 1
    assert weights_in(folder / "runs") == undisturbed


@pytest.mark.parametrize("rank", [0, 1], ids=["first", "second"])
def test_the_other_raises_where_one_fails(rank: int, tmp_path: Path, env: dict[str, str]) -> None:
    folder = written(tmp_path)
    with started(folder, PROGRAM % BREAKS % rank, env) as processes:
        has_a_checkpoint(folder, processes)
        failed = seen_by(rank, folder, processes, SECONDS_TO_FAIL)
        other = seen_by(1 - rank, folder, processes, SECONDS_TO_FAIL)
    said = "error: the run failed: RuntimeError: the device fell off"
    assert failed["error"] == "RunFailedError"
    assert failed["said"].splitlines()[0] == said
    assert other["error"] == "AnotherFailedError"
    assert other["said"].startswith(f"{said} (in process {rank + 1} of 2, on "), other["said"]
    [status] = folder.glob("runs/*/*/status.json")
    assert json.loads(status.read_text(encoding="utf-8"))["status"] == "failed"


def test_the_second_raises_where_the_first_is_killed_before_it_opens_a_run(
    tmp_path: Path, env: dict[str, str]
) -> None:
    folder = written(tmp_path)
    with started(folder, PROGRAM % DIES, env) as processes:
        seen = seen_by(1, folder, processes, SECONDS_TO_FAIL)
    assert seen["error"] == "AnotherFailedError"
    assert seen["said"].startswith("the process ended without a word; it may have been killed (in ")
