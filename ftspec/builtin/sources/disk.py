"""Folders written by ``save_to_disk``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets

from ftspec.api import Context, RunError, sha256_of
from ftspec.builtin.sources.config import DiskConfig
from ftspec.builtin.sources.files import DEFAULT_SPLIT


class DiskSource:
    """A saved ``Dataset`` (one split, ``train``) or ``DatasetDict``."""

    def __init__(self, config: DiskConfig, context: Context) -> None:
        try:
            loaded = datasets.load_from_disk(config.path)
        except (OSError, ValueError) as error:
            raise RunError(
                f'"{config.path}" is not a folder written by save_to_disk: {error}',
                slug="unreadable-data",
                at=(*context.section, "path"),
            ) from error
        self._path = config.path
        is_one = isinstance(loaded, datasets.Dataset)
        self._splits: Mapping[str, datasets.Dataset] = {DEFAULT_SPLIT: loaded} if is_one else loaded

    def split_names(self) -> Sequence[str]:
        """The saved splits."""
        return list(self._splits)

    def load(self, split: str) -> datasets.Dataset:
        """The rows of a split."""
        return self._splits[split]

    def identity(self) -> Mapping[str, Any]:
        """The SHA-256 of every saved file: the rows and their descriptions, without the cache files
        of datasets in the same folder."""
        arrow = {file["filename"] for rows in self._splits.values() for file in rows.cache_files}
        described = {str(path) for path in Path(self._path).rglob("*.json")}
        return {"files": {path: sha256_of(Path(path)) for path in sorted(arrow | described)}}
