"""The lease of a run: a file in which the owner says who it is, and that it is alive.

Why: file systems that several machines share do not always have locks that all of them see. The
clocks of machines differ, so times are not compared: a process that wants the run watches whether
the owner still counts.
"""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ftspec.owner import Owner, owner_from

_FILE = ".owner.json"
BEAT_SECONDS = 5.0
"""The owner counts once in so many seconds."""

WATCH_SECONDS = 4 * BEAT_SECONDS
"""An owner that does not count for so long is dead."""


class Said(NamedTuple):
    """What a lease says: its owner, and how far it has counted."""

    owner: Owner
    beat: int


class Lease:
    """The lease of this process. A thread counts until it is released.

    Attributes:
        is_lost: another process has taken the run.
    """

    def __init__(self, folder: Path, owner: Owner) -> None:
        self._folder = folder
        self._owner = owner
        self._beat = 0
        self._end = threading.Event()
        self.is_lost = False
        self._write()
        threading.Thread(target=self._count, name="lease", daemon=True).start()

    def holds(self) -> bool:
        """Whether the lease is still that of this process. A lease that was removed still is."""
        said = read_lease(self._folder)
        if said is not None and said.owner.token != self._owner.token:
            self.is_lost = True
        return not self.is_lost

    def release(self) -> None:
        """End it. The lease of another process stays."""
        self._end.set()
        if self.holds():
            with suppress(OSError):
                (self._folder / _FILE).unlink(missing_ok=True)

    def _count(self) -> None:
        while not self._end.wait(BEAT_SECONDS):
            with suppress(OSError):  # a full disk, or a file system that is away for a moment
                if not self.holds():
                    return
                self._beat += 1
                self._write()

    def _write(self) -> None:
        # without fsync: after a crash there is no owner
        text = json.dumps({**self._owner.to_json(), "beat": self._beat})
        new = self._folder / f"{_FILE}.{self._owner.token}"
        try:
            new.write_text(text, encoding="utf-8")
            new.replace(self._folder / _FILE)
        except OSError:
            new.unlink(missing_ok=True)
            raise


def read_lease(folder: Path) -> Said | None:
    """What the lease of a run says; ``None`` if there is none, or none that can be read."""
    try:
        record = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        return Said(owner_from(record), int(record["beat"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def watch_lease(folder: Path, said: Said, seconds: float) -> bool:
    """Whether the owner of a lease, on another machine, goes on counting. Takes a moment if it
    does, and all the seconds if it does not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(min(0.25, seconds / 4))
        now = read_lease(folder)
        if now is None and not os.path.lexists(folder / _FILE):
            return False
        if now is not None and now != said:
            return True
    return False


def is_recent(folder: Path) -> bool:
    """Whether a lease was written a moment ago, as far as the clock of this machine tells."""
    try:
        written = (folder / _FILE).stat().st_mtime
    except OSError:
        return False
    return abs(time.time() - written) < 2 * WATCH_SECONDS
