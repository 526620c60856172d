"""Prepared rows on disk: opened where they are whole, kept where they are new."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import datasets
import pyarrow as pa
from filelock import FileLock, Timeout

from ftspec.cache import RECORD, CacheEntry, new_unfinished, read_entry, remove
from ftspec.engine.data.cache_key import CacheKey
from ftspec.engine.progress.run_log import Note
from ftspec.errors import RunError
from ftspec.files import sha256_of

ENCODED, FIELDS, TOKENIZER, NOTES = "encoded.arrow", "fields.arrow", "tokenizer", "notes.json"


@dataclass(frozen=True)
class PreparedRows:
    """The rows of a split, mapped from the files in ``folder``.

    Attributes:
        encoded: model inputs.
        fields: what they were encoded from.
    """

    folder: Path
    encoded: datasets.Dataset
    fields: datasets.Dataset

    @property
    def tokenizer(self) -> Path | None:
        """The folder of the tokenizer that was learned for them, if one was."""
        folder = self.folder / TOKENIZER
        return folder if folder.is_dir() else None

    @property
    def notes(self) -> list[str]:
        """What was said when they were made, as of rows that are left out."""
        notes: list[str] = json.loads((self.folder / NOTES).read_text(encoding="utf-8"))
        return notes


def map_rows(folder: Path) -> PreparedRows:
    """The rows in a folder, read as they are needed.

    Raises:
        OSError: there is no such file.
        pa.ArrowInvalid: a file is no Arrow stream.
    """
    encoded, fields = (datasets.Dataset.from_file(str(folder / name)) for name in (ENCODED, FIELDS))
    return PreparedRows(folder, encoded, fields)


@dataclass(frozen=True)
class RowFolders:
    """Where the rows of each split are, for other processes on the same machine; streams are
    nowhere. ``tokenizer`` is the folder of one that was learned."""

    splits: Mapping[str, Path]
    tokenizer: Path | None

    def open(self) -> dict[str, PreparedRows]:
        """The rows, as whoever made them left them."""
        return {split: map_rows(folder) for split, folder in self.splits.items()}

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "splits": {split: str(folder.absolute()) for split, folder in self.splits.items()},
            "tokenizer": str(self.tokenizer.absolute()) if self.tokenizer is not None else None,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> RowFolders:
        """Of what ``to_json`` gave."""
        learned = told["tokenizer"]
        splits = {split: Path(folder) for split, folder in told["splits"].items()}
        return cls(splits, Path(learned) if learned is not None else None)


class RowCache:
    """The entries in a folder, as runs use them."""

    def __init__(self, folder: Path, mask: Callable[[Any], Any]) -> None:
        self._folder = folder
        self._mask = mask

    def open(self, cache_key: CacheKey) -> PreparedRows | None:
        """The rows with this cache key, if there are any. A damaged entry is removed."""
        entry = read_entry(self._folder / cache_key.key)
        if not entry.path.is_dir():
            return None
        try:
            if is_whole(entry):
                rows = map_rows(entry.path)
                entry.touch()
                return rows
        except (OSError, pa.ArrowInvalid):
            pass
        with suppress(OSError):
            remove(entry.path)
        return None

    @contextmanager
    def only_one(self, key: str, note: Note) -> Iterator[None]:
        """Wait while another process makes the same rows.

        Raises:
            RunError: the folder cannot be written.
        """
        locks = self._folder / ".locks"
        try:
            locks.mkdir(parents=True, exist_ok=True)
            lock = FileLock(locks / f"{key[:32]}.lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                note("another process prepares the same rows: waiting for it")
                lock.acquire()
        except OSError as error:
            raise self._not_writable(error) from error
        try:
            yield
        finally:
            lock.release()

    def scratch(self, key: str) -> TemporaryDirectory[str]:
        """A folder to make rows in; it goes with the process.

        Raises:
            RunError: the folder cannot be written.
        """
        wanted = new_unfinished(self._folder, key)
        try:
            wanted.parent.mkdir(parents=True, exist_ok=True)
            return TemporaryDirectory(
                prefix=f"{wanted.name}-", dir=wanted.parent, ignore_cleanup_errors=True
            )
        except OSError as error:
            raise self._not_writable(error) from error

    def keep(self, made: Path, cache_key: CacheKey, description: Mapping[str, Any]) -> PreparedRows:
        """Turn a folder of rows into the entry of a cache key, and map the rows there."""
        names = [path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()]
        values = json.loads(json.dumps(cache_key.values, default=str))
        record = {
            **description,
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "files": {name: sha256_of(made / name) for name in sorted(names)},
            "cache_key": self._mask(values),
            "digests": cache_key.digests,
        }
        text = json.dumps(record, indent=2, ensure_ascii=False)
        (made / RECORD).write_text(text + "\n", encoding="utf-8")
        path = self._folder / cache_key.key
        try:
            made.rename(path)
        except OSError:
            rows = self.open(cache_key)  # another process made it meanwhile
            if rows is None:
                raise
            return rows
        return map_rows(path)

    def _not_writable(self, error: OSError) -> RunError:
        return RunError(
            f'cannot write to the cache "{self._folder}": {error.strerror or error}',
            slug="cache-not-writable",
            helps=("name another folder in the environment: FTSPEC_CACHE=DIR",),
        )


def is_whole(entry: CacheEntry) -> bool:
    """Whether every file is as it was written."""
    files = entry.record.get("files")
    return isinstance(files, dict) and all(
        sha256_of(entry.path / name) == digest for name, digest in files.items()
    )
