"""Finds and reads specs: files, patterns, folders and standard input."""

from __future__ import annotations

import glob
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from ftspec.diagnostics.model import Collector
from ftspec.document.load import LARGEST, decode_source
from ftspec.running.spec_source import read_spec_file
from ftspec.span import SourceText

_MARKER = re.compile(r"^ftspec\s*:", re.MULTILINE)


def read_spec(path: str, found: Collector) -> SourceText | None:
    """The text of a spec; ``-`` is standard input."""
    if path == "-":
        return decode_source("<stdin>", sys.stdin.buffer.read(LARGEST + 1), found)
    return read_spec_file(Path(path), found)


def find_specs(paths: Sequence[str], *, only_marked: bool = False) -> list[str]:
    """The paths, with each folder replaced by the specs in it: YAML files with an ``ftspec:`` key.

    With ``only_marked``, files that are named explicitly need that key too.
    """
    found = []
    for path in paths:
        if not Path(path).is_dir():
            is_pattern = path != "-" and glob.has_magic(path) and not Path(path).exists()
            found += sorted(glob.glob(path, recursive=True)) or [path] if is_pattern else [path]
            continue
        candidates = sorted({*Path(path).rglob("*.yaml"), *Path(path).rglob("*.yml")})
        found += [str(candidate) for candidate in candidates if _is_marked(candidate)]
    if only_marked:
        # a path that is not a readable file stays in the list, so that it is reported
        return [path for path in found if not Path(path).is_file() or _is_marked(Path(path))]
    return found


def _is_marked(path: Path) -> bool:
    try:
        if not path.is_file():  # reading a pipe may never end
            return False
        with path.open(encoding="utf-8", errors="replace") as file:
            return _MARKER.search(file.read(LARGEST)) is not None
    except OSError:
        return False
