"""Manifests: the files of a folder with their sizes and hashes, written when all are on the disk.

A program that is killed leaves a folder without a manifest, or with one that does not match.
Imports without torch.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ftspec.files import sha256_of, write_atomically

MANIFEST = "manifest.json"

_VERSION = 1


def write_manifest(folder: Path) -> None:
    """Flush every file of a folder to the disk, then write its manifest.

    Raises:
        OSError: a file cannot be read, or the manifest cannot be written.
    """
    files = {}
    for path in _files_in(folder):
        _flush(path)
        name = path.relative_to(folder).as_posix()
        files[name] = {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
    for path in folder.rglob("*"):
        if path.is_dir():
            _flush(path)
    _write(folder, files)
    _flush(folder.parent)


def remove_files(folder: Path, names: Iterable[str]) -> None:
    """Remove files of a whole folder, which stays whole: its manifest forgets them first.

    Raises:
        OSError: the manifest cannot be written, or a file cannot be removed.
    """
    doomed = set(names)
    files = _read(folder / MANIFEST) or {}
    kept = {name: recorded for name, recorded in files.items() if name not in doomed}
    if kept and len(kept) < len(files):
        _write(folder, kept)
    for name in doomed:
        (folder / name).unlink(missing_ok=True)


def add_file(folder: Path, name: str, text: str) -> None:
    """Add a small text file to a whole folder, or replace it; the folder stays whole: its manifest
    forgets an earlier file first, and knows the new one last.

    Raises:
        OSError: a file cannot be written.
    """
    remove_files(folder, [name])
    path = folder / name
    write_atomically(path, text)
    recorded = {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
    _write(folder, {**(_read(folder / MANIFEST) or {}), name: recorded})


def find_damage(folder: Path, *, with_hashes: bool = True) -> str | None:
    """What is wrong with the files of a folder; ``None`` if they are as its manifest says. Further
    files do not matter.

    Args:
        folder: the folder of the manifest.
        with_hashes: read every file. Without it, names and sizes are compared.
    """
    try:
        files = _read(folder / MANIFEST)
        if files is None:
            return f'"{MANIFEST}" cannot be read'
        for name, recorded in files.items():
            damage = _damage_of(folder / name, recorded, with_hash=with_hashes)
            if damage is not None:
                return f'"{name}" {damage}'
    except FileNotFoundError:
        return f'it has no "{MANIFEST}", which is written last'
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    return None


def _write(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> None:
    text = json.dumps({"version": _VERSION, "files": files}, indent=2, ensure_ascii=False)
    write_atomically(folder / MANIFEST, text + "\n")
    _flush(folder)


def _read(path: Path) -> Mapping[str, Mapping[str, Any]] | None:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    files = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(files, dict) or not files:
        return None
    return files if all(isinstance(one, dict) for one in files.values()) else None


def _damage_of(path: Path, recorded: Mapping[str, Any], *, with_hash: bool) -> str | None:
    if not path.is_file():
        return "is missing"
    size = path.stat().st_size
    if size != recorded.get("bytes"):
        return f"has {size:,} bytes instead of {recorded.get('bytes'):,}"
    if with_hash and sha256_of(path) != recorded.get("sha256"):
        return "has other content than when it was saved"
    return None


def _files_in(folder: Path) -> Iterator[Path]:
    paths = sorted(folder.rglob("*"))
    return (path for path in paths if path.is_file() and path != folder / MANIFEST)


def _flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
