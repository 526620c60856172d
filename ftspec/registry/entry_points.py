"""Entry points of one group, without :mod:`importlib.metadata` if there are none.

``importlib.metadata.entry_points`` reads and parses the metadata of every installed package, which
takes as long as a whole lint. This module parses a package only if its ``entry_points.txt`` names
the group. It leaves unusual installations to ``importlib.metadata``.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

OnFault = Callable[[str, Exception], None]

_METADATA_FOLDER = re.compile(r"(?P<name>[^-]+).*\.(?:dist-info|egg-info)", re.DOTALL)
_PUNCTUATION = re.compile(r"[-_.]+")


def entry_points(group: str, on_fault: OnFault | None = None) -> list[EntryPoint]:
    """The entry points of ``importlib.metadata.entry_points(group=group)``, with their ``dist``.

    Calls ``on_fault`` for each metadata folder with an unreadable file of entry points.
    """
    if not _is_usual():
        from importlib import metadata

        return list(metadata.entry_points(group=group))
    folders = list(_folders_naming(group.encode(), _metadata_folders()))
    if not folders:
        return []
    from importlib.metadata import Distribution  # takes 10 ms, and only plugins need it

    found: list[EntryPoint] = []
    for folder in folders:
        try:
            listed = Distribution.at(folder).entry_points
        except Exception as error:  # such as a line without "=", or bytes that are not text
            if on_fault is not None:
                on_fault(folder, error)
            continue
        found += [entry_point for entry_point in listed if entry_point.group == group]
    return found


def _is_usual() -> bool:
    """Whether all packages are in plain folders of ``sys.path``, without zip files, eggs and other
    finders of distributions."""
    finders = [finder for finder in sys.meta_path if hasattr(finder, "find_distributions")]
    return finders == [PathFinder] and not any(
        entry.lower().endswith(".egg") or os.path.isfile(entry)  # noqa: PTH113 - faster than Path
        for entry in sys.path
    )


def _metadata_folders() -> Iterator[str]:
    """The metadata folder of each installed package. The first one on ``sys.path`` wins."""
    seen = set()
    for entry in sys.path:
        try:
            children = os.listdir(entry or ".")  # noqa: PTH208
        except OSError:
            continue
        for child in children:
            match = _METADATA_FOLDER.fullmatch(child)
            if match is None:
                continue
            name = _PUNCTUATION.sub("-", match["name"]).lower()
            if name not in seen:
                seen.add(name)
                yield f"{entry or '.'}/{child}"


def _folders_naming(group: bytes, folders: Iterable[str]) -> Iterator[str]:
    """The folders whose ``entry_points.txt`` may have a section with the name of the group."""
    for folder in folders:
        try:
            with open(f"{folder}/entry_points.txt", "rb") as stream:  # noqa: PTH123
                content = stream.read()
        except OSError:
            continue
        if b"[" + group + b"]" in content:
            yield folder
