"""Pages that a command writes for people."""

from __future__ import annotations

from pathlib import Path

from ftspec.cli.terminal.output import echo_result
from ftspec.diagnostics.model import printable
from ftspec.errors import UsageError
from ftspec.files import write_atomically


def write_page(file: Path, page: str) -> None:
    """Write a page, and say where it is.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        write_atomically(file, page)
    except OSError as error:
        raise UsageError(f'cannot write "{file}": {error.strerror or error}') from error
    echo_result(f"report  {printable(str(file))}")
