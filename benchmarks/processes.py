"""Commands, each in its own process: how much time and memory each takes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, kw_only=True)
class Python:
    """A command line of this Python.

    Attributes:
        arguments: after ``python``.
        environment: variables to add to those of this process.
        code: the exit code to expect.
        says: text to expect in the output, because a command that fails is fast as well.
    """

    arguments: Sequence[str]
    environment: Mapping[str, str]
    code: int = 0
    says: str = ""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What one process took: wall time and CPU time in seconds, and peak memory in MB."""

    clock: float
    processor: float
    memory: float


def python(*arguments: str, code: int = 0, says: str = "", **environment: str) -> Python:
    """A command line of this Python, with the exit code and the output to expect."""
    return Python(arguments=arguments, environment=environment, code=code, says=says)


def run(command: Python) -> Usage:
    """Run a command to its end.

    Raises:
        RuntimeError: the exit code or the output is not the expected one.
    """
    environment = os.environ | command.environment
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command.arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as stream:
        output = stream.read()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != command.code or command.says not in output:
        raise RuntimeError(f"{command.arguments} ended with {process.returncode}:\n{output}")
    megabytes = used.ru_maxrss / (1_000_000 if sys.platform == "darwin" else 1_000)
    return Usage(clock=seconds, processor=used.ru_utime + used.ru_stime, memory=megabytes)


def run_interleaved(commands: Mapping[str, Python], rounds: int) -> dict[str, list[Usage]]:
    """The usage of each command in each round, after a first round that fills the caches."""
    used: dict[str, list[Usage]] = {case: [] for case in commands}
    for number in range(rounds + 1):
        for case, command in commands.items():
            usage = run(command)
            if number:
                used[case].append(usage)
    return used
