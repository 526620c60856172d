"""Commands forked from a process that has done the imports, which take longer than the commands.

Each command has its own process, arguments, environment, folder and output. Libraries read the
environment when they are imported, so there is one process to fork from for each environment. A
test of imports, signals, PYTHONPATH or the order of sets must start a fresh command instead.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from ftspec.cli import main
from tests.cli.command import ROOT, SECONDS, Done

IMPORTED = (
    "ftspec.cli.evaluate",
    "ftspec.cli.predict",
    "ftspec.cli.run",
    "ftspec.engine.run.execute",
    "ftspec.engine.artifacts.evaluation",
    "ftspec.engine.artifacts.predict",
    "evaluate",
    "jinja2",
    "matplotlib.backends.backend_svg",
    "matplotlib.figure",
    "sklearn.metrics",
    "torch.utils.tensorboard",
)
# read by the commands themselves, or by torch when processes connect
READ_LATER = ("CANARY_", "FTSPEC_", "GLOO_", "LOCAL_RANK", "MASTER_", "RANK", "WORLD_SIZE")
# what a run that does not need the Hub sets for the libraries that it imports
NO_HUB = {"HF_HUB_OFFLINE": "1", "HF_UPDATE_DOWNLOAD_COUNTS": "0"}


class Started:
    """A command that was started."""

    def __init__(self, folder: Path, origin: subprocess.Popen[str]) -> None:
        self._folder = folder
        self._origin = origin
        self._began = time.monotonic()

    def has_ended(self) -> bool:
        """Whether the command has ended."""
        return (self._folder / "code").exists()

    def send(self, number: int) -> None:
        """Send a signal to the command, when it has begun. It may have ended."""
        self._wait_for("pid")
        with suppress(ProcessLookupError):
            if not self.has_ended():
                os.kill(int((self._folder / "pid").read_text()), number)

    def wait(self, seconds: float = SECONDS) -> Done:
        """Wait until it ends. A signal that ended it is a negative exit code."""
        self._wait_for("code", seconds)
        took = time.monotonic() - self._began
        for name in ("out", "err"):
            (self._folder / name).touch()  # a signal may end the process before it has them
        code, out, err = (
            (self._folder / one).read_text(encoding="utf-8", errors="replace")
            for one in ("code", "out", "err")
        )
        shutil.rmtree(self._folder)
        return Done(int(code), out, err, took)

    def _wait_for(self, name: str, seconds: float = SECONDS) -> None:
        until = time.monotonic() + seconds
        while not (self._folder / name).exists():
            assert self._origin.poll() is None, "the process to fork from has ended"
            assert time.monotonic() < until, f"a command takes longer than {seconds} seconds"
            time.sleep(0.005)


class Warm:
    """Runs commands until it is closed, forked from processes that have imported these modules."""

    def __init__(self, imported: Sequence[str] = IMPORTED) -> None:
        self._imported = tuple(imported)
        self._processes: dict[frozenset[tuple[str, str]], subprocess.Popen[str]] = {}
        self._open = ExitStack()
        self._lock = Lock()

    def ftspec(
        self,
        *arguments: str | Path,
        env: Mapping[str, str],
        cwd: Path = ROOT,
        stdin: str | bytes = b"",
    ) -> Done:
        """Run `ftspec` with these arguments and wait until it ends."""
        return self.start(*arguments, env=env, cwd=cwd, stdin=stdin).wait()

    def start(
        self,
        *arguments: str | Path,
        env: Mapping[str, str],
        cwd: Path = ROOT,
        stdin: str | bytes = b"",
        most_bytes: int | None = None,
    ) -> Started:
        """Start `ftspec` with these arguments. No file that it writes gets more than
        ``most_bytes``."""
        folder = Path(tempfile.mkdtemp(prefix="ftspec-warm-"))
        (folder / "in").write_bytes(stdin.encode() if isinstance(stdin, str) else stdin)
        asked = {
            "arguments": list(map(str, arguments)),
            "environment": dict(env),
            "cwd": str(cwd),
            "folder": str(folder),
            "most_bytes": most_bytes,
        }
        with self._lock:
            process = self._process_for(env)
            print(json.dumps(asked), file=process.stdin, flush=True)
        return Started(folder, process)

    def close(self) -> None:
        """End the processes."""
        self._open.close()

    def _process_for(self, env: Mapping[str, str]) -> subprocess.Popen[str]:
        passing = (*READ_LATER, "PYTEST_")  # pytest names the test in the environment
        key = frozenset(item for item in env.items() if not item[0].startswith(passing))
        if key not in self._processes:
            added = {} if "HF_ENDPOINT" in env else NO_HUB
            command = [sys.executable, "-m", "tests.cli.warm", *self._imported]
            self._processes[key] = self._open.enter_context(
                subprocess.Popen(
                    command, cwd=ROOT, env={**env, **added}, stdin=subprocess.PIPE, text=True
                )
            )
        return self._processes[key]


def serve(lines: Iterable[str]) -> dict[str, Any] | None:
    """Fork a process for each command on a line, and return the command in that process.

    In this process, return ``None`` after the last line.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no process waits for the waiting processes
    for line in lines:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            asked: dict[str, Any] = json.loads(line)
            command = os.fork()
            if command == 0:
                return asked
            _tell(asked, "pid", command)
            _, status = os.waitpid(command, 0)
            _tell(asked, "code", os.waitstatus_to_exitcode(status))
            os._exit(0)
    return None


def _tell(asked: Mapping[str, Any], name: str, number: int) -> None:
    """Write a number to a file that appears with the number in it."""
    told = Path(asked["folder"], f".{name}")
    told.write_text(str(number))
    told.rename(told.with_name(name))


def become(asked: dict[str, Any]) -> None:
    """Take the arguments, the environment, the folder, the input and the output of a command."""
    for number, name in enumerate(("in", "out", "err")):
        file = os.open(Path(asked["folder"], name), os.O_RDWR | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    sys.stdin = os.fdopen(0, encoding="utf-8")  # the other holds commands that are read ahead
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["ftspec", *asked["arguments"]]
    # a shell ignores Ctrl-C for what it starts in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if asked["most_bytes"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["most_bytes"],) * 2)


if __name__ == "__main__":
    for module in sys.argv[1:]:
        importlib.import_module(module)
    gc.freeze()  # as a command does after these imports
    wanted = serve(sys.stdin)
    if wanted is not None:
        become(wanted)
        main()
