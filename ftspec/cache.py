"""The cache of prepared rows: its entries on disk, listed and removed without any heavy library.

An entry is a folder named by the hash of all that its rows depend on. It is made beside and renamed
when it is whole, so an entry is there or it is not.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RECORD = "entry.json"
_KEY = re.compile("[0-9a-f]{64}")
_UNFINISHED = ".making-"
_DOOMED = ".removing-"


@dataclass(frozen=True)
class CacheEntry:
    """The prepared rows of one split. ``record`` is empty where it cannot be read."""

    path: Path
    record: Mapping[str, Any]

    @property
    def id(self) -> str:
        """What the command line calls it: the first characters of its key."""
        return self.path.name[:12]

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return size_of(self.path)

    @property
    def last_used(self) -> datetime:
        """When a run took its rows last."""
        with suppress(OSError):
            return datetime.fromtimestamp((self.path / RECORD).stat().st_mtime, UTC)
        return datetime.fromtimestamp(self.path.stat().st_mtime, UTC)

    def touch(self) -> None:
        """A run takes its rows now."""
        with suppress(OSError):  # a cache that is shared read-only still serves
            os.utime(self.path / RECORD)


def cache_folder() -> Path:
    """Where entries are: ``$FTSPEC_CACHE``, or ``ftspec`` beside the caches of ``datasets``."""
    environment = os.environ
    own = environment.get("FTSPEC_CACHE")
    if own:
        return Path(own).expanduser() / "prepared"
    home = environment.get("XDG_CACHE_HOME") or "~/.cache"
    hub = environment.get("HF_HOME") or f"{home}/huggingface"
    folder = environment.get("HF_DATASETS_CACHE") or f"{hub}/datasets"
    return Path(folder).expanduser() / "ftspec" / "prepared"


def read_entry(path: Path) -> CacheEntry:
    """The entry in a folder."""
    try:
        record = json.loads((path / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        record = {}
    return CacheEntry(path, record if isinstance(record, dict) else {})


def entries_in(folder: Path) -> list[CacheEntry]:
    """Every entry, the one used last first."""
    found = [read_entry(path) for path in _folders_in(folder) if _KEY.fullmatch(path.name)]
    return sorted(found, key=lambda entry: entry.last_used, reverse=True)


def unfinished_in(folder: Path) -> list[Path]:
    """What runs are making now, and what killed runs left behind."""
    return [path for path in _folders_in(folder) if path.name.startswith((_UNFINISHED, _DOOMED))]


def new_unfinished(folder: Path, key: str) -> Path:
    """The name of a folder to make an entry in."""
    return folder / f"{_UNFINISHED}{key[:12]}-{secrets.token_hex(4)}"


def remove(path: Path) -> None:
    """Remove an entry. It goes at once and as a whole; a run that reads it keeps what it reads.

    Raises:
        OSError: it cannot be removed.
    """
    doomed = path.with_name(f"{_DOOMED}{path.name[:12]}-{secrets.token_hex(4)}")
    with suppress(FileNotFoundError):  # another process was faster
        path.rename(doomed)
        shutil.rmtree(doomed)


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder, whatever vanishes meanwhile."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.lstat().st_size
    return total


def _folders_in(folder: Path) -> Iterator[Path]:
    with suppress(FileNotFoundError, NotADirectoryError):
        yield from (path for path in sorted(folder.iterdir()) if path.is_dir())
