"""The cache of prepared rows: lists and removes its entries on disk, without heavy libraries.

An entry is a folder whose name is the cache key of its rows. It is created under another name and
renamed when it is complete, so there are no partial entries.
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
    """The prepared rows of one split. ``record`` is empty if it cannot be read."""

    path: Path
    record: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The name on the command line: the first characters of the key."""
        return self.path.name[:12]

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return size_of(self.path)

    @property
    def last_used(self) -> datetime:
        """When a run last used the rows."""
        with suppress(OSError):
            return datetime.fromtimestamp((self.path / RECORD).stat().st_mtime, UTC)
        return datetime.fromtimestamp(self.path.stat().st_mtime, UTC)

    def touch(self) -> None:
        """Mark the entry as used now."""
        with suppress(OSError):  # a read-only shared cache still works
            os.utime(self.path / RECORD)


def cache_folder() -> Path:
    """The folder of the entries: ``$FTSPEC_CACHE``, or ``ftspec`` in the cache of ``datasets``."""
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
    """Every entry, most recently used first."""
    found = [read_entry(path) for path in _folders_in(folder) if _KEY.fullmatch(path.name)]
    return sorted(found, key=lambda entry: entry.last_used, reverse=True)


def unfinished_in(folder: Path) -> list[Path]:
    """Entries that runs are creating now, and remains of killed runs."""
    return [path for path in _folders_in(folder) if path.name.startswith((_UNFINISHED, _DOOMED))]


def new_unfinished(folder: Path, key: str) -> Path:
    """The path of a folder in which to create an entry."""
    return folder / f"{_UNFINISHED}{key[:12]}-{secrets.token_hex(4)}"


def remove(path: Path) -> None:
    """Remove an entry atomically. A run that is reading it is not affected.

    Raises:
        OSError: the entry cannot be removed.
    """
    doomed = path.with_name(f"{_DOOMED}{path.name[:12]}-{secrets.token_hex(4)}")
    with suppress(FileNotFoundError):  # another process removed it first
        path.rename(doomed)
        shutil.rmtree(doomed)


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder, even if some disappear meanwhile."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.lstat().st_size
    return total


def _folders_in(folder: Path) -> Iterator[Path]:
    with suppress(FileNotFoundError, NotADirectoryError):
        yield from (path for path in sorted(folder.iterdir()) if path.is_dir())
