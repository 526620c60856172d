"""Compares what was downloaded with what the Hub announced, before it enters a cache.

Why: huggingface_hub compares the size of a file only. A proxy, a mirror or a disk that gives wrong
bytes of the right number trains on other weights, in this run and in all later ones.

How: the name of a file in the cache is its hash, the SHA-256 of a large file or the SHA-1 of a blob
in git. A file is downloaded next to its place, hashed and moved. A wrong one is downloaded once
more, then refused.

How long: during a run, or a batch of predictions.

When it can go: as soon as huggingface_hub compares the hashes itself.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, HfFileSystem, file_download

from ftspec.engine.progress.run_log import Note
from ftspec.hub_faults import HubFaultError

_DOWNLOAD = "_download_to_tmp_and_move"
_HEX = frozenset("0123456789abcdef")


class WrongFileError(HubFaultError):
    """What arrived is not what the Hub announced."""

    helps = ("a proxy, a mirror or the disk changes files: check HF_ENDPOINT, then try again",)


@contextmanager
def verified_downloads(note: Note) -> Iterator[None]:
    """Inside, no wrong file enters the cache of huggingface_hub or of datasets."""
    download, get_file = file_download._download_to_tmp_and_move, HfFileSystem.get_file

    @wraps(download)
    def download_verified(**given: Any) -> None:
        destination, incomplete = given["destination_path"], given["incomplete_path"]
        if destination.exists() and not given["force_download"]:
            return
        # a name such as the client's own, which no cache reads
        name = f"{incomplete.stem}.{uuid.uuid4().hex[:8]}.incomplete"
        beside: Path = incomplete.with_name(name)

        def fetch() -> None:
            download(**{**given, "destination_path": beside, "force_download": True})

        try:
            _fetch_right(fetch, beside, given["etag"], given["filename"], note)
            beside.replace(destination)
        finally:
            beside.unlink(missing_ok=True)

    @wraps(get_file)
    def get_verified(
        self: HfFileSystem, rpath: str, lpath: Any = None, *arguments: Any, **options: Any
    ) -> None:
        def fetch() -> None:
            get_file(self, rpath, lpath, *arguments, **options)

        if not isinstance(lpath, (str, Path)) or options.get("outfile") is not None:
            fetch()
            return
        announced = _announced(self, rpath, options.get("revision"))
        _fetch_right(fetch, Path(lpath), announced, rpath, note)

    setattr(file_download, _DOWNLOAD, download_verified)
    HfFileSystem.get_file = get_verified  # type: ignore[method-assign]
    try:
        yield
    finally:
        setattr(file_download, _DOWNLOAD, download)
        HfFileSystem.get_file = get_file  # type: ignore[method-assign]


def _fetch_right(
    fetch: Callable[[], None], file: Path, announced: str | None, name: str, note: Note
) -> None:
    """Fetch a file, and a wrong one again.

    Raises:
        WrongFileError: it is wrong both times, and is removed.
    """
    for attempt in (1, 2):
        try:
            fetch()
        except OSError as error:
            if not str(error).startswith("Consistency check failed"):
                raise
            flaw = "has another size than the Hub announced"
        else:
            if is_announced(file, announced):
                return
            flaw = "is not the file that the Hub announced: its hash differs"
        if file.is_file():
            file.unlink()
        if attempt == 1:
            note(f'"{name}" {flaw}; it is downloaded again')
    raise WrongFileError(f'"{name}" {flaw}, twice')


def is_announced(file: Path, announced: str | None) -> bool:
    """Whether a file has the announced hash. A name that is no hash, as mirrors have, says
    nothing."""
    if announced is None or len(announced) not in (40, 64) or not _HEX.issuperset(announced):
        return True
    digest = hashlib.sha256()
    if len(announced) == 40:
        digest = hashlib.sha1(b"blob %d\0" % file.stat().st_size, usedforsecurity=False)
    with file.open("rb") as content:
        while piece := content.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest() == announced


def _announced(system: HfFileSystem, path: str, revision: str | None) -> str | None:
    """The hash of a file in the listing of its repository."""
    place: Any = system.resolve_path(path, revision=revision)
    if not hasattr(place, "repo_id"):  # a bucket
        return None
    found: list[Any] = HfApi(endpoint=system.endpoint, token=system.token).get_paths_info(
        place.repo_id, place.path_in_repo, revision=place.revision, repo_type=place.repo_type
    )
    if not found or not hasattr(found[0], "blob_id"):
        return None
    lfs = found[0].lfs
    return str(found[0].blob_id if lfs is None else lfs.sha256)
