"""Runs the `ftspec` command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.hub.fixtures import FOREIGN_NAMES, FOREIGN_PREFIXES

ROOT = Path(__file__).parents[2]
SPECS = ROOT / "specs"
FTSPEC = (sys.executable, "-m", "ftspec")
# far more than any command takes; the tests of the plugins took 300 seconds on two cores that were
# shared with other test runs
SECONDS = 1800

# one thread per process, so that two processes do not wait for each other
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Done:
    """The result of a command."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def said(self) -> str:
        """The exit code and all output, for the message of a failed test."""
        return f"exit code {self.code}\n{self.out}{self.err}"


def ftspec(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | bytes | None = None,
) -> Done:
    """Run `ftspec` with these arguments and wait until it ends."""
    return run([*FTSPEC, *map(str, arguments)], cwd=cwd, env=env, stdin=stdin)


def run(
    command: list[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | bytes | None = None,
) -> Done:
    """Run a command and wait until it ends. Its output must be UTF-8."""
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=cwd or ROOT,
        env=dict(env if env is not None else own_environment()),
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    return Done(
        done.returncode, done.stdout.decode(), done.stderr.decode(), time.monotonic() - began
    )


def own_environment(**more: str) -> dict[str, str]:
    """The environment of this process, without the variables that concern the Hub."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(FOREIGN_PREFIXES) and name.upper() not in FOREIGN_NAMES
    }
    return kept | ONE_THREAD | more


def assert_no_traceback(done: Done) -> None:
    """A user sees findings, never a traceback."""
    assert "Traceback" not in done.out + done.err, done.said
