"""Applies fixes to spec files until nothing is left to fix. One fix may reveal another."""

from __future__ import annotations

import codecs
import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ftspec.diagnostics.fixes import apply_fixes, fixes_for
from ftspec.diagnostics.model import Collector, Diagnostic
from ftspec.document.load import read_source
from ftspec.files import write_atomically
from ftspec.linting import lint
from ftspec.registry.registry import Registry
from ftspec.span import SourceText

_MOST_ROUNDS = 10


class Fixer:
    """Fixes files.

    Attributes:
        count: the number of edits so far.
        diff: what would change in the files that were not written.
    """

    def __init__(self, registry: Registry, overrides: Sequence[str]) -> None:
        self._registry = registry
        self._overrides = overrides
        self.count = 0
        self.diff = ""

    def fix(self, path: Path, *, write: bool) -> list[Diagnostic]:
        """Apply all fixes to a file; returns the findings that remain. ``write`` saves the file."""
        collector = Collector()
        before = read_source(path, collector)
        if before is None:
            return list(collector)
        source = before
        for _ in range(_MOST_ROUNDS):
            found = lint(source, self._registry, overrides=self._overrides)
            fixes = fixes_for(source, found)
            if not fixes:
                break
            self.count += len(fixes)
            source = replace(source, text=apply_fixes(source, fixes))
        if source.text != before.text:
            if write:
                _rewrite(path, source.text)
            else:
                self.diff += _diff(before, source)
        return list(found)


def _rewrite(path: Path, text: str) -> None:
    with path.open("rb") as stream:
        mark = "\ufeff" if stream.read(3) == codecs.BOM_UTF8 else ""
    write_atomically(path.resolve(), mark + text)


def _diff(before: SourceText, after: SourceText) -> str:
    lines = difflib.unified_diff(
        before.text.splitlines(keepends=True),
        after.text.splitlines(keepends=True),
        f"a/{before.name}",
        f"b/{after.name}",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
