"""``FTSPEC_TRACE_PLUGINS=1``: prints each step of discovery on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from ftspec.diagnostics.model import printable

VARIABLE = "FTSPEC_TRACE_PLUGINS"

Trace = Callable[[str], None]


def make_trace() -> Trace:
    """The function to call with each step."""
    return _ignore if os.environ.get(VARIABLE, "") in ("", "0") else _say


def _say(line: str) -> None:
    print(f"plugins: {printable(line)}", file=sys.stderr)


def _ignore(line: str) -> None:
    pass
