"""Commands that train, each in its own folder with empty caches, on one thread."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import Usage

MAX_LENGTH, BATCH, LEARNING_RATE = 256, 16, 2e-5


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command line that trains for one epoch.

    Attributes:
        arguments: the program, which is in the folder of ``python``, and its arguments.
        python: the Python of the environment.
        folder: the working directory; it has only what the command reads.
        says: text to expect in the output: the number of steps.
    """

    arguments: Sequence[str | Path]
    python: Path
    folder: Path
    says: str


def steps_of(count: int) -> int:
    """Steps of an epoch with ``count`` rows."""
    return -(-count // BATCH)


def run(command: Command) -> Usage:
    """Run a command to its end; what it and the child processes it waited for took.

    Raises:
        RuntimeError: it failed, or did not make its steps. Some tools exit with 0 after a failure.
    """
    program, *others = command.arguments
    environment = os.environ | {
        "PATH": f"{command.python.parent}{os.pathsep}{os.environ['PATH']}",
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(command.folder / "huggingface"),
        "FTSPEC_CACHE": str(command.folder / "ftspec"),
    }
    output = command.folder / "output.txt"
    began = time.perf_counter()
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [command.python.parent / program, *others],
            cwd=command.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    text = output.read_text(encoding="utf-8", errors="replace")
    if process.returncode != 0 or command.says not in text:
        raise RuntimeError(f"{command.arguments} ended with {process.returncode}:\n{text[-4000:]}")
    return Usage(
        clock=seconds, processor=used.ru_utime + used.ru_stime, memory=used.ru_maxrss / 1000
    )
