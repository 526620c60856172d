"""Literate cases: specs that say of themselves what lint finds in them, and where.

A comment such as ``# error[unknown-key]@3: unknown key "sede"`` at the end of a line expects that
finding there, in column 3, with that text in its headline; a line may expect several. Where no
comment can stand, ``@2:3`` names the line too. Everything lint finds must be expected. A file
without such comments is a near miss: there is nothing to find. Files whose name begins with ``_``
are there to be extended; what is found in them is expected in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ftspec.diagnostics.model import Collector, Diagnostic
from ftspec.diagnostics.render import RENDERERS
from ftspec.document.load import read_source
from ftspec.explanations import explanations
from ftspec.linting import lint
from ftspec.registry.discover import build_registry

FOLDER = Path(__file__).parent
REGISTRY = build_registry(with_entry_points=False)
CASES = sorted(path for path in FOLDER.glob("[!_]*/[!_]*.yaml") if path.is_file())

_EXPECTED = re.compile(
    r"# (?P<severity>error|warning|info)\[(?P<slug>[a-z0-9-]+)\]"
    r"@(?:(?P<line>\d+):)?(?P<column>\d+): (?P<text>.*?)(?=\s+# (?:error|warning|info)\[|\s*$)"
)


@dataclass(frozen=True, order=True)
class Place:
    """What is compared: where, and what."""

    file: str
    line: int
    column: int
    severity: str
    slug: str


def expected_in(path: Path) -> Iterator[tuple[Place, str]]:
    """What the comments of a file expect, each with its part of the headline."""
    text = path.read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(re.split("\r\n|[\r\n]", text), start=1):
        for match in _EXPECTED.finditer(line):
            at = int(match["line"]) if match["line"] else number
            column, severity, slug = int(match["column"]), match["severity"], match["slug"]
            yield Place(path.name, at, column, severity, slug), match["text"]


def found_in(path: Path) -> Iterator[tuple[Place, Diagnostic]]:
    collector = Collector()
    source = read_source(path, collector)
    for one in (*collector, *(lint(source, REGISTRY) if source is not None else ())):
        assert one.span is not None, one
        start = one.span.start
        file = Path(one.span.source.name).name
        yield (
            Place(file, start.line + 1, start.column + 1, one.severity.value, one.slug),
            one,
        )


def files_of(path: Path) -> list[Path]:
    """The case, and the files of its folder that it names."""
    text = path.read_text(encoding="utf-8", errors="replace")
    named = [other for other in path.parent.glob("_*") if other.name in text]
    return [path, *(other for other in named if other.is_file()), *path.parent.glob("*.toml")]


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    monkeypatch.setenv("CASE_WORD", "hunter2secret")
    monkeypatch.delenv("CASE_UNSET", raising=False)
    expected = [one for file in files_of(path) for one in expected_in(file)]
    found = list(found_in(path))
    assert sorted(place for place, _ in found) == sorted(place for place, _ in expected), "\n".join(
        str(finding) for _, finding in found
    )
    headlines: dict[Place, list[str]] = {}
    for place, finding in found:
        headlines.setdefault(place, []).append(finding.headline)
    for place, text in expected:
        assert any(text in headline for headline in headlines[place]), (text, headlines[place])
    for render in RENDERERS.values():
        assert "hunter2secret" not in render([finding for _, finding in found])


def test_every_slug_that_lint_gives_has_a_case() -> None:
    slugs = {slug for slug, one in explanations().items() if one.bad}
    shown = {
        path.parent.name
        for path in CASES
        if any(
            place.slug == path.parent.name
            for file in files_of(path)
            for place, _ in expected_in(file)
        )
    }
    assert slugs - shown == set()


def test_every_folder_is_of_a_slug() -> None:
    folders = {path.parent.name for path in CASES}
    assert folders - set(explanations()) == set()
