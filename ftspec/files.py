"""Files that identify a run's inputs: their hashes, and folders inside installed packages."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def folder_of_package(name: str) -> Path | None:
    """The folder of an installed package, found without importing it; ``None`` without one."""
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    locations = found.submodule_search_locations if found is not None else None
    return Path(next(iter(locations))) if locations else None
