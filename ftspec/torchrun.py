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
from ftspec.stopping import STOP_SIGNALS, Handler, code_after, end_now

_FAILED = 1
_TEXTS = {
    "RendezvousTimeoutError": "the other machines did not come in time",
    "RendezvousClosedError": "another machine has ended the run",
    "RendezvousConnectionError": "the machine where they meet cannot be reached",
}
"""Of errors that have none, or one that helps nobody."""


def main() -> None:
    """Run torchrun with the arguments of this process."""
    end_with_launcher()
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # its warnings say nothing to a user
    _handle_signals(lambda number, frame: end_now(number))  # until torchrun has handlers of its own
    with tempfile.TemporaryDirectory(prefix="ftspec-") as folder:
        path = Path(folder) / "code"
        os.environ[FILE_VARIABLE] = str(path)
        code = _launch(sys.argv[1:], path)
        _handle_signals(signal.SIG_IGN)  # the code is known
    sys.exit(code)


def _handle_signals(handler: Handler | signal.Handlers) -> None:
    for number in STOP_SIGNALS | {signal.SIGINT}:
        signal.signal(number, handler)


def _launch(arguments: list[str], path: Path) -> int:
    """Run torchrun; returns the exit code of the run."""
    from torch.distributed import run as torchrun
    from torch.distributed.elastic.multiprocessing import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    logging.disable(logging.CRITICAL)  # the run itself says what is wrong
    try:
        options = torchrun.parse_args(arguments)  # type: ignore[no-untyped-call]
        _require_port(options)
        torchrun.main(arguments)
    except SignalException as stop:
        code = code_after(_signals_of(stop))
    except ChildFailedError as error:
        _say_who_was_killed(error)
        code = _FAILED
    except Exception as error:
        text = _TEXTS.get(type(error).__name__) or " ".join(str(error).split())
        echo(f"error: torchrun cannot start the processes: {text}", err=True)
        code = _FAILED
    else:
        return 0
    return recorded_exit_code(path) or code


def _require_port(options: Any) -> None:
    """Refuse to meet at the port of another program, for which torchrun would wait for ever.

    Raises:
        ConnectionError: it is one.
    """
    from ftspec.engine.processes.store_port import require_store

    host, _, port = options.rdzv_endpoint.rpartition(":")
    if options.rdzv_backend == "c10d" and host and port.isdecimal() and not options.standalone:
        require_store(host.strip("[]"), int(port))


def _signals_of(stop: BaseException) -> list[int]:
    """All signals that torchrun got, the last one last. One that comes while it ends its processes
    is an error in the handling of an error."""
    numbers: list[int] = []
    error: BaseException | None = stop
    while error is not None:
        numbers[:0] = [int(error.sigval)] if hasattr(error, "sigval") else []
        error = error.__context__
    return numbers


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
