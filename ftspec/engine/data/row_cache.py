"""Prepared rows on disk: opened if their files are unchanged, kept if they are new."""

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
        fields: the fields from which they were encoded.
    """

    folder: Path
    encoded: datasets.Dataset
    fields: datasets.Dataset

    @property
    def tokenizer(self) -> Path | None:
        """The folder of the tokenizer that was trained for them, if there is one."""
        folder = self.folder / TOKENIZER
        return folder if folder.is_dir() else None

    @property
    def notes(self) -> list[str]:
        """The notes of their encoding, such as how many rows were left out."""
        notes: list[str] = json.loads((self.folder / NOTES).read_text(encoding="utf-8"))
        return notes


def map_rows(folder: Path) -> PreparedRows:
    """The rows in a folder, read when they are needed.

    Raises:
        OSError: a file is missing.
        pa.ArrowInvalid: a file is not an Arrow stream.
    """
    encoded, fields = (datasets.Dataset.from_file(str(folder / name)) for name in (ENCODED, FIELDS))
    return PreparedRows(folder, encoded, fields)


@dataclass(frozen=True)
class RowFolders:
    """The folders of the rows of each split, for other processes on the same machine. Streams have
    none. ``tokenizer`` is the folder of a trained one."""

    splits: Mapping[str, Path]
    tokenizer: Path | None

    def open(self) -> dict[str, PreparedRows]:
        """The rows, as another process wrote them."""
        return {split: map_rows(folder) for split, folder in self.splits.items()}

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "splits": {split: str(folder.absolute()) for split, folder in self.splits.items()},
            "tokenizer": str(self.tokenizer.absolute()) if self.tokenizer is not None else None,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RowFolders:
        """The inverse of ``to_json``."""
        tokenizer = values["tokenizer"]
        splits = {split: Path(folder) for split, folder in values["splits"].items()}
        return cls(splits, Path(tokenizer) if tokenizer is not None else None)


class RowCache:
    """The cache in a folder, as runs use it."""

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
        """Wait while another process prepares the same rows.

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
                note("waiting for another process that prepares the same rows")
                lock.acquire()
        except OSError as error:
            raise self._not_writable(error) from error
        try:
            yield
        finally:
            lock.release()

    def scratch(self, key: str) -> TemporaryDirectory[str]:
        """A folder to prepare rows in; it is removed when the process ends.

        Raises:
            RunError: the folder cannot be written.
        """
        path = new_unfinished(self._folder, key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return TemporaryDirectory(
                prefix=f"{path.name}-", dir=path.parent, ignore_cleanup_errors=True
            )
        except OSError as error:
            raise self._not_writable(error) from error

    def has_lost(self, error: FileNotFoundError) -> bool:
        """Whether somebody removed an entry between two looks at it."""
        return str(self._folder) in str(error)

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
            rows = self.open(cache_key)  # another process was faster
            if rows is None:
                raise
            return rows
        return map_rows(path)

    def _not_writable(self, error: OSError) -> RunError:
        return RunError(
            f'cannot write to the cache "{self._folder}": {error.strerror or error}',
            slug="cache-not-writable",
            helps=("set another folder in the environment: FTSPEC_CACHE=DIR",),
        )


def is_whole(entry: CacheEntry) -> bool:
    """Whether every file of an entry is as it was written."""
    files = entry.record.get("files")
    return isinstance(files, dict) and all(
        sha256_of(entry.path / name) == digest for name, digest in files.items()
    )
