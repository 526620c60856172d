"""What libraries log and warn, as a terminal can show it: their messages quote data and servers."""

from __future__ import annotations

import logging
import warnings
from typing import Any

from ftspec.escaping import visible


class _VisibleRecord(logging.LogRecord):
    """A record whose message has escapes for control characters."""

    def getMessage(self) -> str:  # noqa: N802 - of logging
        return visible(super().getMessage())


def show_library_logs() -> None:
    """From now on, every log record and warning of this process is visible text."""
    logging.setLogRecordFactory(_VisibleRecord)
    warnings.formatwarning = _formatted


_format = warnings.formatwarning


def _formatted(*arguments: Any, **more: Any) -> str:
    return visible(_format(*arguments, **more))
