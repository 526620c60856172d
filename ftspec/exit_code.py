"""What a process tells the launcher at its end: its exit code, which the launcher would hide, and
whether another attempt would end the same way."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

FILE_VARIABLE = "FTSPEC_EXIT_CODE_FILE"
_FINAL = ".final"
_MISTAKE = 1


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


def forbid_restart() -> None:
    """Write down that a mistake of the user ends the run. Another attempt would repeat it."""
    path = os.environ.get(FILE_VARIABLE)
    if path:
        with suppress(OSError):
            Path(path + _FINAL).touch()


def is_restart_forbidden() -> bool:
    """Whether another attempt would only repeat a mistake."""
    path = os.environ.get(FILE_VARIABLE)
    return path is not None and Path(path + _FINAL).exists()


def code_of_forbidden_restart() -> int | None:
    """The exit code of an attempt that would only repeat a mistake; ``None`` for all others."""
    if not is_restart_forbidden():
        return None
    return recorded_exit_code(Path(os.environ[FILE_VARIABLE])) or _MISTAKE
