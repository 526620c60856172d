"""A disk that is full, or a folder that cannot be written, known from what any library makes of it.
Imports without torch."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ftspec.cache import cache_folder
from ftspec.errors import causes_of

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.ENAMETOOLONG)
_WORDS = (
    *(os.strerror(number) for number in FULL),
    # of torch, which does not keep the number
    "PytorchStreamWriter failed writing file",
    "inline_container.cc",
)
_ALMOST_NOTHING = 4_000_000
"""Bytes. A disk with less is the full one, if an error does not name its file."""


class DiskFault(NamedTuple):
    """What is wrong with a disk.

    Attributes:
        text: the path, its disk and the reason.
        helps: what to do.
    """

    text: str
    helps: tuple[str, ...]


def disk_fault_in(error: BaseException, folder: Path) -> DiskFault | None:
    """The fault of a disk that caused an error; ``None`` if none did. ``folder`` is where the run
    writes."""
    for cause in causes_of(error):
        if isinstance(cause, OSError):
            named = Path(cause.filename) if isinstance(cause.filename, str) else None
            if cause.errno in FULL:
                return _fault(named or _fullest(folder), folder, os.strerror(cause.errno))
            # any file may be missing or closed; one of a cache is the fault of the cache
            if cause.errno in _CLOSED and named is not None and _variable_of(named, folder):
                return _fault(named, folder, os.strerror(cause.errno))
        elif any(word in str(cause) for word in _WORDS):
            return _fault(_fullest(folder), folder, " ".join(str(cause).split()))
    return None


def _fault(path: Path, folder: Path, reason: str) -> DiskFault:
    disk = path.absolute()
    while not os.path.ismount(disk) and disk != disk.parent:
        disk = disk.parent
    free = ""
    with suppress(OSError):
        free = f", {shutil.disk_usage(disk).free / 1e9:.1f} GB free"
    variable = _variable_of(path, folder)
    helps = (f"set another folder in the environment: {variable}=DIR",) if variable else ()
    return DiskFault(f'cannot write "{path}" (disk "{disk}"{free}): {reason}', helps)


def _variable_of(path: Path, folder: Path) -> str | None:
    """The variable that says where a cache is, if the path is in one, and not in ``folder``, which
    may itself be in the folder of temporary files."""
    path = path.absolute()
    if path.is_relative_to(folder.absolute()):
        return None
    caches = ((name, cache.absolute()) for name, cache in _caches())
    return next((name for name, cache in caches if path.is_relative_to(cache)), None)


def _caches() -> Iterator[tuple[str, Path]]:
    """The folders that a run writes to besides its own, inner ones first, and their variables."""
    yield "FTSPEC_CACHE", cache_folder()
    environment = os.environ
    for name in ("HF_DATASETS_CACHE", "HF_HUB_CACHE", "HF_XET_CACHE", "HF_MODULES_CACHE"):
        if environment.get(name):
            yield name, Path(environment[name]).expanduser()
    home = environment.get("XDG_CACHE_HOME") or "~/.cache"
    yield "HF_HOME", Path(environment.get("HF_HOME") or f"{home}/huggingface").expanduser()
    yield "TMPDIR", Path(tempfile.gettempdir())


def _fullest(folder: Path) -> Path:
    """Which of the folders is on a disk with almost no room left; the run's, if none is."""
    for other in (folder, *(cache for _, cache in _caches())):
        with suppress(OSError):
            if shutil.disk_usage(other).free < _ALMOST_NOTHING:
                return other
    return folder
