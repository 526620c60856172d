"""A folder of files seen as a Hub repository: revisions, commit ids, facts about files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

# Files of these kinds sit in Git LFS on the Hub, whatever their size; their ETag is a sha256.
LFS_SUFFIXES = {".bin", ".model", ".parquet", ".safetensors"}


@dataclass(frozen=True)
class FileFacts:
    """What the Hub says about one file."""

    path: str
    size: int
    oid: str
    sha256: str | None

    @property
    def etag(self) -> str:
        return self.sha256 or self.oid

    def listing(self) -> dict[str, Any]:
        """The entry of this file in a tree or paths-info answer."""
        entry: dict[str, Any] = {
            "type": "file",
            "oid": self.oid,
            "size": self.size,
            "path": self.path,
        }
        if self.sha256 is not None:
            entry["lfs"] = {"oid": self.sha256, "size": self.size, "pointerSize": 134}
        return entry


@lru_cache(maxsize=1024)
def _digests(file: Path, size: int, mtime_ns: int) -> tuple[str, str | None]:
    """Git blob id and, for LFS files, sha256; size and time make a changed file a new key."""
    content = file.read_bytes()
    blob = hashlib.sha1(b"blob %d\0" % size + content, usedforsecurity=False).hexdigest()
    if file.suffix in LFS_SUFFIXES:
        return blob, hashlib.sha256(content).hexdigest()
    return blob, None


@dataclass(frozen=True)
class Revision:
    """One branch of a repository: a folder tree and the commit id that its content gives."""

    folder: Path

    @property
    def name(self) -> str:
        return unquote(self.folder.name)

    @property
    def sha(self) -> str:
        """The commit id: equal content has an equal id, and any change of a file changes it."""
        digest = hashlib.sha1(usedforsecurity=False)
        for facts in self.files():
            digest.update(f"{facts.oid} {facts.path}\n".encode())
        return digest.hexdigest()

    def files(self) -> Iterator[FileFacts]:
        for file in sorted(self.folder.rglob("*")):
            if file.is_file():
                yield self._facts(file)

    def file(self, path: str) -> Path | None:
        """The file on disk, or None where this revision has no such file."""
        candidate = self.folder / path
        inside = candidate.resolve().is_relative_to(self.folder.resolve())
        return candidate if inside and candidate.is_file() else None

    def facts(self, path: str) -> FileFacts | None:
        file = self.file(path)
        return None if file is None else self._facts(file)

    def listings(self, path: str = "", recursive: bool = False) -> list[dict[str, Any]] | None:
        """The tree answer under `path`, or None where there is no such folder."""
        start = self.folder / path
        if not start.is_dir():
            return None
        entries = sorted(start.rglob("*") if recursive else start.iterdir())
        return [
            self._folder_listing(entry) if entry.is_dir() else self._facts(entry).listing()
            for entry in entries
        ]

    def listing(self, path: str) -> dict[str, Any] | None:
        """The paths-info entry of one path; the Hub leaves out the paths it doesn't know."""
        facts = self.facts(path)
        if facts is not None:
            return facts.listing()
        folder = self.folder / path
        return self._folder_listing(folder) if path and folder.is_dir() else None

    def _facts(self, file: Path) -> FileFacts:
        stat = file.stat()
        oid, sha256 = _digests(file, stat.st_size, stat.st_mtime_ns)
        return FileFacts(file.relative_to(self.folder).as_posix(), stat.st_size, oid, sha256)

    def _folder_listing(self, folder: Path) -> dict[str, Any]:
        path = folder.relative_to(self.folder).as_posix()
        oid = hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()
        return {"type": "directory", "oid": oid, "size": 0, "path": path}


@dataclass(frozen=True)
class Repository:
    """A model, dataset or space: `<root>/<kind>/<org>/<name>/<url-quoted revision>/files`."""

    root: Path
    kind: str
    name: str

    @property
    def folder(self) -> Path:
        return self.root / self.kind / self.name

    def exists(self) -> bool:
        return self.name.count("/") == 1 and self.folder.is_dir()

    def branch(self, name: str = "main") -> Revision:
        """The branch as a place to write to; it need not exist yet."""
        return Revision(self.folder / quote(name, safe=""))

    def revisions(self) -> list[Revision]:
        return [Revision(folder) for folder in sorted(self.folder.iterdir()) if folder.is_dir()]

    def revision(self, wanted: str) -> Revision | None:
        """The revision of that branch name or that commit id."""
        revisions = self.revisions()
        for revision in revisions:
            if revision.name == wanted:
                return revision
        if len(wanted) == 40:
            return next((one for one in revisions if one.sha == wanted), None)
        return None


def full_name(root: Path, kind: str, bare_name: str) -> str | None:
    """`org/name` of a repository that is also known by its bare name, as `gpt2` is."""
    matches = sorted((root / kind).glob(f"*/{bare_name}"))
    return matches[0].relative_to(root / kind).as_posix() if matches else None
