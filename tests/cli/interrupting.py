"""Processes that a test interrupts after a certain line on standard error."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from tests.cli.command import ROOT, SECONDS, own_environment


@contextmanager
def started(
    command: list[str], env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A running process whose stdin, stdout and stderr are pipes. It is killed at the end."""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=dict(env if env is not None else own_environment()),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        # tests that run in the background ignore Ctrl-C, and child processes inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        # a test that waits for a line that never comes sees the end of the process instead
        watchdog = threading.Timer(SECONDS, process.kill)
        watchdog.start()
        try:
            yield process
        finally:
            watchdog.cancel()
            process.kill()


def said_until(process: subprocess.Popen[str], is_it: Callable[[str], bool]) -> str:
    """The standard error of a process, up to and including the first line that matches."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if is_it(line.rstrip()):
            return said
    raise AssertionError(f"the process ended before that line:\n{said}")


def rest_of(process: subprocess.Popen[str]) -> str:
    """The rest of the standard error of a process that has ended."""
    assert process.stderr is not None
    return process.stderr.read()
