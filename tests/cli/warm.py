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
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import Any

from ftspec.cli import main
from tests.cli.command import ROOT, SECONDS, Done

IMPORTED = (
    "ftspec.cli.predict",
    "ftspec.cli.run",
    "ftspec.engine.run.execute",
    "ftspec.engine.artifacts.predict",
    "evaluate",
    "sklearn.metrics",
    "torch.utils.tensorboard",
)
# read by the commands themselves, or by torch when processes connect
READ_LATER = ("CANARY_", "FTSPEC_", "GLOO_", "LOCAL_RANK", "MASTER_", "RANK", "WORLD_SIZE")
# what a run that does not need the Hub sets for the libraries that it imports
NO_HUB = {"HF_HUB_OFFLINE": "1", "HF_UPDATE_DOWNLOAD_COUNTS": "0"}


class Warm:
    """Runs commands until it is closed."""

    def __init__(self) -> None:
        self._processes: dict[frozenset[tuple[str, str]], subprocess.Popen[str]] = {}
        self._open = ExitStack()
        self._lock = Lock()

    def ftspec(self, *arguments: str | Path, env: Mapping[str, str], cwd: Path = ROOT) -> Done:
        """Run `ftspec` with these arguments and wait until it ends."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            asked = {
                "arguments": list(map(str, arguments)),
                "environment": dict(env),
                "cwd": str(cwd),
                "folder": name,
            }
            with self._lock:
                process = self._process_for(env)
                print(json.dumps(asked), file=process.stdin, flush=True)
            began = time.monotonic()
            while not (folder / "code").exists():
                assert process.poll() is None, "the process to fork from has ended"
                assert time.monotonic() < began + SECONDS, arguments
                time.sleep(0.01)
            code, out, err = (
                (folder / one).read_text(encoding="utf-8") for one in ("code", "out", "err")
            )
            return Done(int(code), out, err, time.monotonic() - began)

    def close(self) -> None:
        """End the processes."""
        self._open.close()

    def _process_for(self, env: Mapping[str, str]) -> subprocess.Popen[str]:
        key = frozenset(item for item in env.items() if not item[0].startswith(READ_LATER))
        if key not in self._processes:
            added = {} if "HF_ENDPOINT" in env else NO_HUB
            command = [sys.executable, "-m", "tests.cli.warm"]
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
            _, status = os.waitpid(command, 0)
            told = Path(asked["folder"], "told")
            told.write_text(str(os.waitstatus_to_exitcode(status)))
            told.rename(told.with_name("code"))
            os._exit(0)
    return None


def become(asked: dict[str, Any]) -> None:
    """Take the arguments, the environment, the folder and the output of a command."""
    files = (os.devnull, *(str(Path(asked["folder"], name)) for name in ("out", "err")))
    for number, path in enumerate(files):
        file = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["ftspec", *asked["arguments"]]


if __name__ == "__main__":
    for module in IMPORTED:
        importlib.import_module(module)
    gc.freeze()  # as a command does after these imports
    wanted = serve(sys.stdin)
    if wanted is not None:
        become(wanted)
        main()
