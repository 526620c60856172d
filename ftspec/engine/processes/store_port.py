"""Whether a store of torch has a port, by which the processes of a run meet."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from datetime import timedelta

from torch.distributed import TCPStore

_SECONDS_TO_REACH = 5.0
_SECONDS_TO_ANSWER = 20.0


def require_store(host: str, port: int) -> None:
    """Make sure that a port is free, or that a store has it.

    Where another program has the port and answers nothing, torch waits for ever, and no signal
    ends that. So a thread tries the port, and ends with the process.

    Raises:
        ConnectionError: what has the port does not answer as a store within 20 seconds.
    """
    try:
        socket.create_connection((host, port), _SECONDS_TO_REACH).close()
    except OSError:  # nobody has it yet
        return
    has_answered = threading.Event()

    def try_port() -> None:
        with suppress(RuntimeError, ValueError):
            TCPStore(
                host, port, wait_for_workers=False, timeout=timedelta(seconds=_SECONDS_TO_ANSWER)
            )
            has_answered.set()

    trial = threading.Thread(target=try_port, name="ftspec-trial", daemon=True)
    trial.start()
    trial.join(_SECONDS_TO_ANSWER)
    if not has_answered.is_set():
        raise ConnectionError(
            f'the port {port} of "{host}" belongs to another program; choose another one'
        )
