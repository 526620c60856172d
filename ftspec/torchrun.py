"""``python -m ftspec.torchrun`` is torchrun for runs of ftspec, with the same options.

torchrun ends with 1 after every failure, and prints a traceback. Here the exit code is that of the
run, so that a scheduler knows what to do, and a failure is one message. If the process that
started it dies, the run saves a checkpoint and ends.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from ftspec.cli.terminal.output import echo
from ftspec.engine.processes.launched_by import end_with_launcher
from ftspec.exit_code import FILE_VARIABLE, recorded_exit_code
from ftspec.stopping import STOP_SIGNALS, code_of_interrupt, end_now, interrupt_of

_FAILED = 1


def main() -> None:
    """Run torchrun with the arguments of this process."""
    end_with_launcher()
    for number in STOP_SIGNALS | {signal.SIGINT}:  # until torchrun has handlers of its own
        signal.signal(number, lambda number, frame: end_now(number))
    with tempfile.TemporaryDirectory(prefix="ftspec-") as folder:
        path = Path(folder) / "code"
        os.environ[FILE_VARIABLE] = str(path)
        code = _launch(sys.argv[1:], path)
    sys.exit(code)


def _launch(arguments: list[str], path: Path) -> int:
    """Run torchrun; returns the exit code of the run."""
    from torch.distributed import run as torchrun
    from torch.distributed.elastic.multiprocessing import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    logging.disable(logging.CRITICAL)  # the run itself says what is wrong
    try:
        torchrun.main(arguments)
    except SignalException as stop:
        code = code_of_interrupt(interrupt_of(stop.sigval))
    except ChildFailedError as error:
        _say_who_was_killed(error)
        code = _FAILED
    except Exception as error:
        text = " ".join(str(error).split())
        echo(f"error: torchrun cannot start the processes: {text}", err=True)
        code = _FAILED
    else:
        return 0
    return recorded_exit_code(path) or code


def _say_who_was_killed(error: Any) -> None:
    """A process that is killed says nothing."""
    killed = {rank: one for rank, one in error.failures.items() if one.exitcode < 0}
    if not killed:
        return
    rank = min(killed, key=lambda rank: killed[rank].timestamp)
    name = signal.Signals(-killed[rank].exitcode).name
    why = "; the system does that when memory runs out" if name == "SIGKILL" else ""
    echo(f"error: {name} ended process {rank + 1} of the run{why}", err=True)


if __name__ == "__main__":
    main()
