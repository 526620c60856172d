"""A full disk, known from what any library makes of it. Imports without torch."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path

from ftspec.errors import causes_of

_NUMBERS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_WORDS = (*(os.strerror(number) for number in _NUMBERS), "PytorchStreamWriter failed writing file")


def full_disk_in(error: BaseException, folder: Path) -> str | None:
    """What to say of an error that a full disk caused; ``None`` if it did not. ``folder`` is where
    the run writes, if the error names no file."""
    for cause in causes_of(error):
        if isinstance(cause, OSError) and cause.errno in _NUMBERS:
            named = isinstance(cause.filename, str)
            return _said(Path(cause.filename) if named else folder, os.strerror(cause.errno))
        if not isinstance(cause, OSError) and any(word in str(cause) for word in _WORDS):
            return _said(folder, " ".join(str(cause).split()))
    return None


def _said(path: Path, reason: str) -> str:
    disk = path.absolute()
    while not os.path.ismount(disk) and disk != disk.parent:
        disk = disk.parent
    free = ""
    with suppress(OSError):
        free = f", {shutil.disk_usage(disk).free / 1e9:.1f} GB free"
    return f'cannot write "{path}" (disk "{disk}"{free}): {reason}'
