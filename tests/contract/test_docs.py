"""The documentation stays valid: every spec in it lints, every command and file in it exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS
from ftspec.cli import COMMANDS
from ftspec.diagnostics.model import Severity
from ftspec.linting import lint
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText

pytestmark = pytest.mark.place

ROOT = Path(__file__).parents[2]
DOCUMENTS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
OF_PLUGINS = sorted((ROOT / "plugins").glob("*/README.md"))

_YAML_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_COMMAND = re.compile(r"`ftspec ([a-z-]+)")
_MAKE = re.compile(r"(?:^ {4}|`)make ([a-z-]+)", re.MULTILINE)
_BENCHMARK = re.compile(r"python -m benchmarks\s((?:[a-z_]+\s?)+)")
_TEST = re.compile(r"\btests/[\w/]+\.py")


def _blocks() -> list[object]:
    return [
        pytest.param(
            match[1],
            id=f"{path.relative_to(ROOT)}:{path.read_text().count(chr(10), 0, match.start()) + 1}",
        )
        for path in DOCUMENTS
        for match in _YAML_BLOCK.finditer(path.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize("block", _blocks())
def test_spec_in_a_document_lints_clean(block: str) -> None:
    assert block.startswith("ftspec: 1")
    found = lint(SourceText("block", block), build_registry())
    assert [str(one) for one in found if one.severity is not Severity.INFO] == []


def _anchors(path: Path) -> set[str]:
    """What links to the headings of a page are called."""
    headings = _HEADING.findall(path.read_text(encoding="utf-8"))
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in kept}


@pytest.mark.parametrize("path", [*DOCUMENTS, *OF_PLUGINS], ids=lambda path: str(path)[-40:])
def test_links_lead_somewhere(path: Path) -> None:
    for name, anchor in _LINK.findall(path.read_text(encoding="utf-8")):
        target = path.parent / name if name else path
        assert target.exists(), name
        assert not anchor or anchor in _anchors(target), (name, anchor)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_commands_exist(path: Path) -> None:
    for command in _COMMAND.findall(path.read_text(encoding="utf-8")):
        assert command in COMMANDS, command


def test_every_installed_type_is_in_the_language_guide() -> None:
    guide = (ROOT / "docs" / "spec.md").read_text(encoding="utf-8")
    for registered in build_registry():
        assert f"`{registered.component.name}`" in guide, registered.component.name


def test_every_spec_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for spec in (ROOT / "specs").glob("*.yaml"):
        assert f"(specs/{spec.name})" in readme, spec.name


def test_make_targets_in_documents_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for path in DOCUMENTS:
        for target in _MAKE.findall(path.read_text(encoding="utf-8")):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), (path.name, target)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_benchmarks_and_tests_in_documents_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    roots = [ROOT, *(readme.parent for readme in OF_PLUGINS)]
    for names in _BENCHMARK.findall(text):
        assert set(names.split()) <= set(BENCHMARKS), names
    for test in _TEST.findall(text):
        assert any((root / test).exists() for root in roots), test


def test_every_promise_names_the_test_that_holds_it() -> None:
    page = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    promises = [line for line in rows if not line.startswith("| promise |")]
    assert len(promises) >= 25
    assert [line for line in promises if _TEST.search(line.rpartition(". |")[2]) is None] == []


def test_page_of_mistakes_is_fresh() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "mistakes.py"], capture_output=True, text=True, check=True
    )
    page = (ROOT / "docs" / "mistakes.md").read_text(encoding="utf-8")

    assert done.stdout == page, "run: python docs/mistakes.py > docs/mistakes.md"
    assert page.count("\n## ") == 10
    assert page.count("= help:") >= 10
