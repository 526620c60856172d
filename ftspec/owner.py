"""The process that owns a run: which one it is, and whether it is still alive. Imports without
torch."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Owner:
    """A process. Its host name and process id are not enough to identify it: two machines may have
    one name, and systems use ids again.

    Attributes:
        host: the name of its machine.
        boot: the random id of the last start of its machine.
        pid: its process id.
        started: when the process was started, in seconds since 1970.
        token: a random id of this ownership.
    """

    host: str
    boot: str
    pid: int
    started: float
    token: str

    def __str__(self) -> str:
        return f'process {self.pid} on "{self.host}"'

    def to_json(self) -> dict[str, Any]:
        """Its fields."""
        return asdict(self)

    @property
    def is_on_this_machine(self) -> bool:
        """Whether the process can be looked up here."""
        return self.boot == _boot() and self.host == socket.gethostname()

    def is_alive(self) -> bool:
        """Whether a process of this machine still runs."""
        return _started(self.pid) == self.started


def this_process() -> Owner:
    """This process as the owner of one more run."""
    pid = os.getpid()
    started = _started(pid) or 0.0
    return Owner(socket.gethostname(), _boot(), pid, started, secrets.token_hex(8))


def owner_from(record: Mapping[str, Any]) -> Owner:
    """The owner with these fields.

    Raises:
        ValueError: they are damaged.
    """
    try:
        return Owner(
            host=str(record["host"]),
            boot=str(record["boot"]),
            pid=int(record["pid"]),
            started=float(record["started"]),
            token=str(record["token"]),
        )
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"no owner: {error}") from None


def _boot() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:  # not Linux
        import psutil

        return str(int(psutil.boot_time()))


def _started(pid: int) -> float | None:
    """When a process was started; ``None`` if there is none."""
    import psutil

    try:
        started: float = psutil.Process(pid).create_time()
    except (psutil.Error, ValueError, OverflowError):
        return None
    return started


def process_name(pid: int) -> str:
    """A name of a process that no other process ever has, on any machine."""
    return f"{socket.gethostname()} {_boot()} {pid} {_started(pid)}"
