"""One owner for a run: the process that has locked its folder.

The system releases the lock when the process ends, however it ends. Imports without torch.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock

_LOCK = ".lock"


class TakenError(Exception):
    """Another process owns the run."""


def take(folder: Path) -> BaseFileLock:
    """Own the run in a folder, until the lock is released. Where the file system has no locks, the
    lock is not locked.

    Raises:
        TakenError: another process owns it.
    """
    from filelock import FileLock, Timeout  # not for a command that only reads

    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise TakenError from None
    except (OSError, NotImplementedError):
        pass
    return lock


def is_owned(folder: Path) -> bool | None:
    """Whether a process owns the run in a folder; ``None`` if the file system does not say."""
    if not (folder / _LOCK).exists():
        return False
    try:
        lock = take(folder)
    except TakenError:
        return True
    is_known = lock.is_locked
    lock.release()
    return False if is_known else None
