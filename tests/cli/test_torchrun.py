"""`python -m ftspec.torchrun` ends with the code that a scheduler needs."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.command import own_environment

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


@pytest.mark.slow
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
