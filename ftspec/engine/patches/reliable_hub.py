"""A Hub that is waited for, and whose files are compared with what it announced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ftspec.engine.patches.patient_hub import patient_hub
from ftspec.engine.patches.verified_downloads import verified_downloads
from ftspec.engine.progress.run_log import Note


@contextmanager
def reliable_hub(note: Note) -> Iterator[None]:
    """Inside, requests are repeated and files verified. ``note`` gets what is waited for, and what
    is downloaded again.

    Raises:
        RunError: the environment says no valid bound for the waiting.
    """
    with patient_hub(note), verified_downloads(note):
        yield
