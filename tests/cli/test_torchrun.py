"""`python -m ftspec.torchrun` ends in time, with the code that a scheduler needs."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.command import own_environment, run
from tests.cli.placing import free_port
from tests.cli.warm import Warm

pytestmark = [pytest.mark.slow, pytest.mark.long]

SLOW_TO_END = """\
import pathlib, signal, sys, time

def note(number, frame):
    with open(sys.argv[1], "a") as got:
        got.write(f"{number}\\n")

for number in (signal.SIGUSR1, signal.SIGTERM):
    signal.signal(number, note)
pathlib.Path(sys.argv[1]).touch()
time.sleep(60)
"""
"""A process of a run that still works when the scheduler sends the next signal."""


@pytest.mark.parametrize(
    ("last", "code"), [(signal.SIGTERM, 75), (signal.SIGINT, 130)], ids=["scheduler", "user"]
)
def test_second_signal_while_processes_end(last: signal.Signals, code: int, tmp_path: Path) -> None:
    script, got = tmp_path / "slow.py", tmp_path / "got"
    script.write_text(SLOW_TO_END)
    options = ("--standalone", "--nproc-per-node=1", "--shutdown-timeout=3")
    signals = "--signals-to-handle=SIGTERM,SIGINT,SIGUSR1"
    torchrun = subprocess.Popen(
        [sys.executable, "-m", "ftspec.torchrun", *options, signals, str(script), str(got)],
        env=own_environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    _wait_for(got, "")
    torchrun.send_signal(signal.SIGUSR1)
    _wait_for(got, f"{int(signal.SIGUSR1)}\n")
    torchrun.send_signal(last)
    _, said = torchrun.communicate(timeout=60)
    assert (torchrun.returncode, said) == (code, "")


def _wait_for(path: Path, text: str) -> None:
    until = time.monotonic() + 60
    while not path.exists() or not path.read_text().startswith(text):
        assert time.monotonic() < until
        time.sleep(0.1)


def test_port_of_another_program_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        said = met_at(port)
    text = f'the port {port} of "127.0.0.1" belongs to another program; choose another one'
    assert said == f"error: torchrun cannot start the processes: {text}\n"


def test_machine_that_does_not_come_is_said() -> None:
    said = met_at(free_port(), "--rdzv-conf=join_timeout=2")
    text = "the other machines did not come in time"
    assert said == f"error: torchrun cannot start the processes: {text}\n"


def met_at(port: int, *options: str) -> str:
    """What one of two machines says, which ends with the code of a failure."""
    meeting = ("--nnodes=2", "--rdzv-backend=c10d", f"--rdzv-endpoint=127.0.0.1:{port}", *options)
    done = subprocess.run(
        [sys.executable, "-m", "ftspec.torchrun", *meeting, "none.py"],
        env=own_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr


def test_process_does_not_wait_for_another_program(
    warm: Warm, local: dict[str, str], small_spec: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        place = {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2"}
        meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        done = warm.ftspec("run", small_spec, env=local | place | meeting)
    assert done.code == 1
    assert f'the port {port} of "127.0.0.1" belongs to another program' in done.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--set", "task.labels=[animal, plant]"), "error[unseen-label]"),
        (("--set", "training.max_step=3"), "error[unknown-key]"),
        (("--resume", "nowhere"), "error[no-run]"),
        (("--processes", "2"), "error: "),
    ],
    ids=["data", "spec", "run", "usage"],
)
def test_mistake_is_not_tried_again(
    options: tuple[str, str], said: str, small_spec: Path, local: dict[str, str]
) -> None:
    torchrun = ("-m", "ftspec.torchrun", "--standalone", "--nproc-per-node=2", "--max-restarts=2")
    done = run([sys.executable, *torchrun, "-m", "ftspec", "run", small_spec, *options], env=local)
    assert done.code in (1, 2)
    assert done.err.count(said) == 1, done.said
    assert done.err.count("preparing data") <= 1
