"""One owner for a run: the process that has locked its folder.

The system releases the lock when the process ends, however it ends. Imports without torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOCK = ".lock"


class TakenError(Exception):
    """Another process owns the run."""


@contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Own the run in a folder, until the end of the ``with`` block. Where the file system has no
    locks, this does nothing.

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
    try:
        yield
    finally:
        if lock.is_locked:
            lock.release()


def is_owned(folder: Path) -> bool | None:
    """Whether a process owns the run in a folder; ``None`` if the file system does not say."""
    from filelock import FileLock, Timeout

    if not (folder / _LOCK).exists():
        return False
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except (OSError, NotImplementedError):
        return None
    lock.release()
    return False
