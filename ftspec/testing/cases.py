"""Cases: specs whose comments list the findings that lint must report.

A comment such as ``# error[unknown-key]@3: unknown key "sede"`` at the end of a line expects this
finding on the line, in column 3, with this text in its headline. A line may expect several
findings. ``@2:3`` also names the line, for places where no comment is possible. Lint must report no
other findings. A file without such comments must have no findings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ftspec.diagnostics.model import Collector, Diagnostic
from ftspec.document.load import read_source
from ftspec.linting import lint
from ftspec.registry.registry import Registry
from ftspec.testing.check import Check, require
from ftspec.testing.subject import Subject

_EXPECTED = re.compile(
    r"# (?P<severity>error|warning|info)\[(?P<slug>[a-z0-9/-]+)\]"
    r"@(?:(?P<line>\d+):)?(?P<column>\d+): (?P<text>.*?)(?=\s+# (?:error|warning|info)\[|\s*$)"
)


@dataclass(frozen=True, order=True)
class Place:
    """The place, severity and slug of a finding, which are compared."""

    file: str
    line: int
    column: int
    severity: str
    slug: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.severity}[{self.slug}]"


def expected_in(path: Path) -> Iterator[tuple[Place, str]]:
    """The findings that the comments of a file expect, with their part of the headline."""
    text = path.read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(re.split("\r\n|[\r\n]", text), start=1):
        for match in _EXPECTED.finditer(line):
            at = int(match["line"]) if match["line"] else number
            column, severity, slug = int(match["column"]), match["severity"], match["slug"]
            yield Place(path.name, at, column, severity, slug), match["text"]


def found_in(path: Path, registry: Registry) -> Iterator[tuple[Place, Diagnostic]]:
    """The findings of lint in a file. Findings without a place are on line 0."""
    collector = Collector()
    source = read_source(path, collector)
    for one in (*collector, *(lint(source, registry) if source is not None else ())):
        if one.span is None:
            yield Place(path.name, 0, 0, one.severity.value, one.slug), one
            continue
        start = one.span.start
        file = Path(one.span.source.name).name
        yield (
            Place(file, start.line + 1, start.column + 1, one.severity.value, one.slug),
            one,
        )


def check_case(path: Path, registry: Registry, *others: Path) -> None:
    """Compare the findings in a file with the comments in it and in ``others``.

    Raises:
        NonconformingError: they differ.
    """
    expected = [one for file in (path, *others) for one in expected_in(file)]
    found = list(found_in(path, registry))
    wanted, given = (sorted(place for place, _ in some) for some in (expected, found))
    lines = [
        *(f"expected {place}" for place in wanted if place not in given),
        *(f"found {place}: {one.headline}" for place, one in found if place not in wanted),
    ]
    require(wanted == given, "\n".join(lines) or f"{wanted} is not {given}")
    for place, text in expected:
        headlines = [one.headline for at, one in found if at == place]
        require(any(text in headline for headline in headlines), f'"{text}" is in no {headlines}')


def case_checks(subject: Subject) -> Iterator[Check]:
    """Each ``tests/cases/**/*.yaml`` of the project whose name does not begin with ``_``."""
    folder = subject.project / "tests" / "cases" if subject.project is not None else None
    if folder is None:
        return
    for path in sorted(folder.rglob("[!_]*.yaml")):
        yield Check("case", str(path.relative_to(folder)), _case(path, subject.registry))


def _case(path: Path, registry: Registry) -> Callable[[], None]:
    return lambda: check_case(path, registry)
