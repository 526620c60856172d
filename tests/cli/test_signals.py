"""Signals during imports, and a terminal that is closed: what only a process of its own shows.

``tests/chaos`` sends signals in all other phases.
"""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli import specs
from tests.cli.command import FTSPEC, SECONDS

pytestmark = pytest.mark.slow

MANY_STEPS = (
    *("--set", "training.max_steps=4000", "--set", "training.save_strategy=no"),
    *("--set", "training.logging_steps=1"),
)


@pytest.fixture(scope="module")
def spec(data_folder: Path) -> Path:
    path = data_folder / "signals.yaml"
    path.write_text(specs.CLASSIFIER, encoding="utf-8")
    return path


def until(is_so: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)


def begin(spec: Path, output: Path, env: dict[str, str], **options: Any) -> Any:
    """A run in a process of its own, with the signals of a shell in the foreground."""

    def listen() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

    return subprocess.Popen(
        [*FTSPEC, "run", str(spec), "--output-dir", str(output), *MANY_STEPS],
        env=env,
        **({"stderr": subprocess.PIPE, "preexec_fn": listen} | options),
    )


def has_steps(output: Path) -> bool:
    return any("step 1:" in log.read_text() for log in output.glob("*/*/log.txt"))


def status_of(output: Path) -> str:
    [path] = output.glob("*/*/status.json")
    return str(json.loads(path.read_text(encoding="utf-8"))["status"])


def checkpoints_of(output: Path) -> list[Path]:
    return [*output.glob("*/*/checkpoints/checkpoint-*/trainer_state.json")]


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGUSR2, 75)],
)
def test_during_imports_nothing_is_lost_and_nothing_traced(
    spec: Path, local: dict[str, str], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    process = begin(spec, tmp_path, local)
    until(lambda: [*tmp_path.glob("*/*/status.json")], process)
    time.sleep(0.3)  # torch takes longer
    process.send_signal(number)
    said = process.communicate(timeout=SECONDS)[1].decode()
    assert process.returncode == code, said
    assert "Traceback" not in said
    assert "interrupted; what the run has written is in" in said
    assert status_of(tmp_path) == "interrupted"


def test_a_closed_terminal_saves(spec: Path, local: dict[str, str], tmp_path: Path) -> None:
    master, terminal = pty.openpty()

    def own_terminal() -> None:
        import fcntl
        import termios

        os.setsid()
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

    process = begin(
        spec,
        tmp_path,
        local,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        preexec_fn=own_terminal,
    )
    os.close(terminal)
    until(lambda: has_steps(tmp_path), process)
    os.close(master)
    assert process.wait(timeout=SECONDS) == 130
    assert checkpoints_of(tmp_path)
    assert status_of(tmp_path) == "interrupted"
