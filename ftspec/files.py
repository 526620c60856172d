"""Files of a run: patterns and their matches, hashes, folders of packages, permissions."""

from __future__ import annotations

import glob
import hashlib
import importlib.util
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import Path

MOST_LISTED = 10_000
_LONGEST_NAME = 255  # bytes; the limit of nearly every file system
_LONGEST_PATH = 3000  # bytes; the system allows 4096, and a run adds names of its own


class TooManyFilesError(Exception):
    """A pattern covers too many files to look at."""


class FileSearch:
    """Finds the matches of patterns, up to ``most`` folder entries (by default,
    :data:`MOST_LISTED`): a pattern such as ``/**/*.json`` would walk the whole disk."""

    def __init__(self, most: int | None = None) -> None:
        self._listed = 0
        self._most = MOST_LISTED if most is None else most

    def find(self, pattern: str) -> Iterator[str]:
        """The paths that ``glob.glob(pattern, recursive=True)`` finds, in any order.

        Raises:
            TooManyFilesError: all patterns together cover more entries.
        """
        try:
            yield from map(str, self._matches(Path(), Path(pattern).parts))
        except RecursionError:
            raise TooManyFilesError from None

    def _matches(self, folder: Path, parts: Sequence[str]) -> Iterator[Path]:
        """The matches of the parts of a pattern below a folder."""
        plain = [*takewhile(lambda part: not glob.has_magic(part), parts)]
        folder, parts = folder.joinpath(*plain), parts[len(plain) :]
        if not parts:
            if os.path.lexists(folder):
                yield folder
            return
        part, rest = parts[0], parts[1:]
        if part != "**":
            for name, is_folder in self._entries(folder):
                if fnmatchcase(name, part) and name.startswith(".") <= part.startswith("."):
                    if not rest:
                        yield folder / name
                    elif is_folder:
                        yield from self._matches(folder / name, rest)
            return
        rest = rest[len([*takewhile(lambda part: part == "**", rest)]) :]
        yield from self._matches(folder, rest or "*")
        for name, is_folder in self._entries(folder):
            if is_folder and not name.startswith("."):
                yield from self._matches(folder / name, ("**", *rest))

    def _entries(self, folder: Path) -> list[tuple[str, bool]]:
        try:
            with os.scandir(folder) as entries:
                return [(entry.name, entry.is_dir()) for entry in self._counted(entries)]
        except OSError:
            return []

    def _counted(self, entries: Iterator[os.DirEntry[str]]) -> Iterator[os.DirEntry[str]]:
        for entry in entries:
            self._listed += 1
            if self._listed > self._most:
                raise TooManyFilesError
            yield entry


def path_problem(path: str) -> str | None:
    """Why no file can have a path, as the end of a sentence."""
    if "\0" in path:
        return "has a character that no path can have"
    longest = max(len(os.fsencode(part)) for part in path.split("/"))
    if longest > _LONGEST_NAME:
        return f"has a name of {longest:,} bytes, and a file name may have {_LONGEST_NAME}"
    if len(os.fsencode(path)) > _LONGEST_PATH:
        return f"is a path of more than {_LONGEST_PATH:,} bytes, which may be too long"
    return None


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def folder_of_package(name: str) -> Path | None:
    """The folder of an installed package, without importing it; ``None`` if there is none."""
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    locations = found.submodule_search_locations if found is not None else None
    return Path(next(iter(locations))) if locations else None


def open_as_their_folder(folder: Path) -> None:
    """Give files in ``folder`` the read and write permissions of the folder. safetensors creates
    files for their owner only, whatever the umask.

    Raises:
        OSError: the permissions of a file cannot be changed.
    """
    shared = folder.stat().st_mode & 0o666
    for path in folder.rglob("*"):
        mode = path.stat().st_mode
        if stat.S_ISREG(mode) and mode | shared != mode:
            path.chmod(stat.S_IMODE(mode) | shared)


def free_space(folder: Path) -> int:
    """Bytes that are free where a folder is, or will be.

    Raises:
        OSError: the disk cannot be asked.
    """
    folder = folder.absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def write_atomically(path: Path, text: str) -> None:
    """Write ``path`` atomically.

    Raises:
        OSError: the file cannot be written.
    """
    # not tempfile, which makes files private: other users may read the runs of a team
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("x", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
