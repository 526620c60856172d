"""Commits to a branch of a repository: read whole from NDJSON first, then written to its folder."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tests.hub.answers import Answer, refusal
from tests.hub.repository import Repository, Revision

FindObject = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Commit:
    """A commit that the Hub took; `paths` are the files it wrote or deleted."""

    repository: Repository
    branch: str
    oid: str
    summary: str
    description: str
    paths: tuple[str, ...]


class CommitRefused(Exception):  # noqa: N818
    """Nothing of the commit is written, and the client gets `answer`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer: Answer = refusal(status, code, message)


def write_commit(
    repository: Repository, branch: str, body: bytes, find_object: FindObject
) -> Commit:
    """Write the commit in `body`; `find_object` gives the content of an LFS object.

    Raises CommitRefused where the branch has moved on or an operation can't be done.
    """
    revision = repository.branch(branch)
    lines = [json.loads(line) for line in body.splitlines()]
    [header] = [line["value"] for line in lines if line["key"] == "header"]
    if header.get("parentCommit") not in (None, revision.sha):
        raise CommitRefused(412, "", "A commit has happened since. Please refresh and try again.")
    changes: dict[str, bytes | None] = {}
    for line in lines:
        changes |= dict(_changes(revision, line["key"], line["value"], find_object))
    for path, content in changes.items():
        if content is None:
            _delete(revision.folder, path)
    for path, content in changes.items():
        if content is not None:
            _write(revision.folder / path, content)
    return Commit(
        repository,
        branch,
        revision.sha,
        header["summary"],
        header.get("description", ""),
        tuple(sorted(changes)),
    )


def _changes(
    revision: Revision, key: str, value: dict[str, Any], find_object: FindObject
) -> Iterator[tuple[str, bytes | None]]:
    """The new content of each file that one operation touches; None for a deleted file."""
    if key == "header":
        return
    path = value["path"].rstrip("/")
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise CommitRefused(400, "", f"the path leaves the repository: {path}")
    if key == "file":
        yield path, base64.b64decode(value["content"], validate=True)
    elif key == "lfsFile":
        content = find_object(value["oid"])
        if content is None:
            raise CommitRefused(400, "", f"the object of {path} wasn't uploaded: {value['oid']}")
        yield path, content
    elif key in ("deletedFile", "deletedFolder"):
        files = [facts.path for facts in revision.files()]
        is_folder = key == "deletedFolder"
        deleted = [
            file for file in files if (file.startswith(f"{path}/") if is_folder else file == path)
        ]
        if not deleted:
            # The client has advice for these words, about the slash at the end of a folder.
            raise CommitRefused(404, "EntryNotFound", "A file with this name doesn't exist")
        for file in deleted:
            yield file, None
    else:
        raise CommitRefused(400, "", f"the test hub doesn't know this operation: {key}")


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.write_bytes(content)
    if file.stat().st_mtime_ns <= before:
        # The clock of the file system ticks slowly, and digests are remembered by time and size.
        os.utime(file, ns=(before + 1, before + 1))


def _delete(folder: Path, path: str) -> None:
    file = folder / path
    file.unlink()
    for parent in file.parents:
        # Git knows no empty folders.
        if parent == folder or any(parent.iterdir()):
            return
        parent.rmdir()
