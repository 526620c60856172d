"""Imports of the engine for a command, whose process runs nothing else."""

from __future__ import annotations

import os

from ftspec.cli.launch.library_logs import show_library_logs
from ftspec.running.engine_imports import engine_imports, require_packages

__all__ = ["engine_imports", "require_engine"]


def require_engine() -> None:
    """Make sure that the engine can be imported, and that what libraries say can be shown.

    Raises:
        MissingExtraError: the ``train`` extra is not installed.
    """
    require_packages()
    show_library_logs()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")  # avoids a warning when workers fork
