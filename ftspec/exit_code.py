"""The exit code of a process, written down for the launcher, which would hide it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

FILE_VARIABLE = "FTSPEC_EXIT_CODE_FILE"


def record_exit_code(code: int) -> None:
    """Write down the exit code of this process, if a launcher asks for it and it is the first
    process on its machine."""
    path = os.environ.get(FILE_VARIABLE)
    if path and os.environ.get("LOCAL_RANK") == "0":
        with suppress(OSError):
            Path(path).write_text(str(code), encoding="ascii")


def recorded_exit_code(path: Path) -> int | None:
    """The exit code that was written; ``None`` if there is none."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
