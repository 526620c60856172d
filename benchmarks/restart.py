"""How long a run of two processes stands still after one of them is killed.

The model is that of specs/quickstart.yaml, in two processes of one thread, with a checkpoint after
each step. "cold start" is the time from the command to the first step. Then a process gets SIGKILL,
torchrun starts both again, and the run goes on from its newest checkpoint: "from the kill to a new
step" is the time until the next step is logged. One round is made for every four of ``--rounds``.

The goal: a restart takes at most twice as long as a cold start.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from benchmarks.processes import ROOT
from benchmarks.rows import Row, compare

SPEC = "specs/quickstart.yaml"
COLD, AGAIN = "cold start", "from the kill to a new step"
_SECONDS = 600.0
_SETTINGS = (
    "launcher={type: torchrun, processes: 2, restarts: 1}",
    "training.max_steps=12",
    "training.logging_steps=1",
    "training.save_strategy=steps",
    "training.save_steps=1",
    "training.save_total_limit=2",
    "performance.precision=fp32",
)


def measure(rounds: int) -> Iterator[Row]:
    """Seconds of a cold start and of a restart."""
    seconds: dict[str, list[float]] = {COLD: [], AGAIN: []}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(max(1, rounds // 4) + 1):
            cold, again = _measure_once(Path(folder, str(number)))
            if number:  # the first round fills the caches
                seconds[COLD].append(cold)
                seconds[AGAIN].append(again)
    yield from compare("wall time, s", seconds, to=COLD)


def _measure_once(output: Path) -> tuple[float, float]:
    options = [part for setting in _SETTINGS for part in ("--set", setting)]
    command = ["-m", "ftspec", "run", SPEC, *options, "--output-dir", str(output)]
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _wait_until(lambda: _last_step(output) >= 1)
    cold = time.perf_counter() - began
    _wait_until(lambda: any(output.glob("*/*/checkpoints/checkpoint-2/manifest.json")))
    _process_of_rank(1, process.pid).send_signal(signal.SIGKILL)
    killed, before = time.perf_counter(), _last_step(output)
    _wait_until(lambda: _is_resumed(output) and _last_step(output) > before)
    again = time.perf_counter() - killed
    if process.wait() != 0:
        raise RuntimeError(f"the run ended with {process.returncode}")
    return cold, again


def _wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + _SECONDS
    while not is_so():
        if time.monotonic() > until:
            raise RuntimeError("a run takes too long")
        time.sleep(0.05)


def _last_step(output: Path) -> int:
    """The last step whose loss is logged."""
    lines = [
        line for file in output.glob("*/*/metrics.jsonl") for line in file.read_text().splitlines()
    ]
    return max((json.loads(line)["step"] for line in lines if '"loss"' in line), default=0)


def _is_resumed(output: Path) -> bool:
    return any("resuming from step" in log.read_text() for log in output.glob("*/*/log.txt"))


def _process_of_rank(rank: int, launched: int) -> psutil.Process:
    for process in psutil.Process(launched).children(recursive=True):
        if process.environ().get("RANK") == str(rank):
            return process
    raise RuntimeError(f"there is no process of rank {rank}")
