"""Plugins and their tests import only the public modules: ``ftspec.api`` and ``ftspec.testing``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.command import ROOT

FILES = sorted(
    path
    for folder, pattern in (("plugins", "*.py"), ("ftspec/scaffolding/templates", "*.py.tmpl"))
    for path in (ROOT / folder).rglob(pattern)
)
DOOR = ("ftspec.api", "ftspec.testing")
IMPORT = re.compile(r"^\s*(?:from (?P<source>\S+) import|import (?P<module>\S+))", re.MULTILINE)


def imports_in(text: str) -> list[str]:
    """The modules of ftspec that a file imports."""
    modules = [match["source"] or match["module"] for match in IMPORT.finditer(text)]
    return [module for module in modules if module.partition(".")[0] == "ftspec"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_imports_only_what_is_public(path: Path) -> None:
    found = imports_in(path.read_text(encoding="utf-8"))
    assert [one for one in found if not f"{one}.".startswith(tuple(f"{d}." for d in DOOR))] == []


def test_every_plugin_is_looked_at() -> None:
    text = (
        "from ftspec.api import Plan\n    import ftspec.engine.run\nfrom ftspec_example import x\n"
    )
    assert imports_in(text) == ["ftspec.api", "ftspec.engine.run"]
    assert {path.parts[len(ROOT.parts) + 1] for path in FILES} >= {"ftspec-peft", "scaffolding"}
