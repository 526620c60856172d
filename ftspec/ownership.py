"""One owner for a run: the process that has locked its folder, and that holds its lease.

The system releases the lock when the process ends, however it ends. Where the machines that share
the folder do not see each other's locks, the lease decides. Imports without torch.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from ftspec.lease import WATCH_SECONDS, Lease, is_recent, read_lease, watch_lease
from ftspec.owner import Owner, this_process

if TYPE_CHECKING:
    from filelock import BaseFileLock

_LOCK = ".lock"
_SETTLING = 1.0
"""Seconds until a lease that two machines write at the same time says who wrote it last."""


class TakenError(Exception):
    """Another process owns the run.

    Attributes:
        owner: which one, if it says so.
    """

    def __init__(self, owner: Owner | None) -> None:
        super().__init__("the run is taken")
        self.owner = owner


class Ownership:
    """The run is owned by this process, until it is released."""

    def __init__(self, lock: BaseFileLock, lease: Lease) -> None:
        self._lock = lock
        self._lease = lease

    @property
    def is_lost(self) -> bool:
        """Whether another machine has taken the run, because this process stood still."""
        return self._lease.is_lost

    def release(self) -> None:
        """End it."""
        self._lease.release()
        self._lock.release()


def take(folder: Path, watch_seconds: float = WATCH_SECONDS) -> Ownership:
    """Own the run in a folder. If another machine had it and never released it, its lease is
    watched for some seconds.

    Raises:
        TakenError: another process owns it.
        OSError: the folder cannot be written.
    """
    lock = _lock(folder)
    try:
        before = owner_of(folder)
        if _is_held(folder, is_locked=lock.is_locked, watch_seconds=watch_seconds):
            raise TakenError(before)
        lease = Lease(folder, this_process())
        if before is not None and not before.is_on_this_machine:
            time.sleep(_SETTLING)
            if not lease.holds():
                lease.release()
                raise TakenError(owner_of(folder))
    except BaseException:
        lock.release()
        raise
    return Ownership(lock, lease)


def is_owned(folder: Path) -> bool:
    """Whether a process owns the run in a folder, as far as can be told at a glance: a machine that
    does not see the locks of the owner compares times."""
    if not (folder / _LOCK).exists():
        return _is_held(folder, is_locked=False)
    try:
        lock = _lock(folder)
    except TakenError:
        return True
    is_locked = lock.is_locked
    lock.release()
    return _is_held(folder, is_locked=is_locked)


def owner_of(folder: Path) -> Owner | None:
    """The process that took the run in a folder last, if it did not release it."""
    said = read_lease(folder)
    return None if said is None else said.owner


def _lock(folder: Path) -> BaseFileLock:
    """The lock of a run. Where the file system has no locks, it is not locked.

    Raises:
        TakenError: another process has locked it.
    """
    from filelock import FileLock, Timeout  # not for a command that only reads

    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise TakenError(owner_of(folder)) from None
    except (OSError, NotImplementedError):
        pass
    return lock


def _is_held(folder: Path, *, is_locked: bool, watch_seconds: float | None = None) -> bool:
    """Whether the owner that a lease names is alive. This process has the lock if ``is_locked``.
    Without ``watch_seconds`` the time of the lease is believed."""
    said = read_lease(folder)
    if said is None:
        return False
    if said.owner.is_on_this_machine:
        return not is_locked and said.owner.is_alive()
    return is_recent(folder) if watch_seconds is None else watch_lease(folder, said, watch_seconds)
