"""``# ftspec: ignore[slug]``: comments that ignore findings.

At the end of a line, the comment applies to findings on this line. Before the first key, it applies
to the whole file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from ftspec.diagnostics.model import MOST, Diagnostic, Severity, labelled
from ftspec.span import Position, SourceText, Span

_IGNORE = re.compile(r"(?:^|(?<=\s))#\s*ftspec:\s*ignore\[(?P<slugs>[^\]]*)\]")
_COMMENT_OR_BLANK = re.compile(r"\s*(?:#.*)?$")


class Ignore(NamedTuple):
    """One slug to ignore. ``line`` is ``None`` for the whole file."""

    slug: str
    line: int | None
    span: Span

    @property
    def key(self) -> Key:
        """The slug, the line and the file."""
        return self.slug, self.line, self.span.source


Key = tuple[str, int | None, SourceText]


def find_ignores(source: SourceText) -> Iterator[Ignore]:
    """Every slug in the ignore comments of a text."""
    in_head = True
    for number, line in enumerate(source.lines):
        in_head = in_head and _COMMENT_OR_BLANK.match(line) is not None
        for match in _IGNORE.finditer(line):
            for part in re.finditer(r"[^,\s]+", match["slugs"]):
                start = match.start("slugs") + part.start()
                end = match.start("slugs") + part.end()
                span = Span(source, Position(number, start), Position(number, end))
                yield Ignore(part.group(), None if in_head else number, span)


def drop_ignored(
    diagnostics: Iterable[Diagnostic],
    ignores: Sequence[Ignore],
    may_ignore: Callable[[Diagnostic], bool],
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """The remaining findings, and a finding for each comment that ignores nothing: it could hide a
    later finding."""
    kept = []
    written = {ignore.key for ignore in ignores}
    used: set[Key] = set()
    in_vain: set[Key] = set()
    for diagnostic in diagnostics:
        covering = written & _keys_for(diagnostic)
        if may_ignore(diagnostic):
            used |= covering
        else:
            in_vain |= covering
        if not covering or not may_ignore(diagnostic):
            kept.append(diagnostic)
    used -= in_vain
    unused = (ignore for ignore in ignores if ignore.key not in used)
    return kept, [_unused(one, one.key in in_vain) for one in islice(unused, MOST + 1)]


def _keys_for(diagnostic: Diagnostic) -> set[Key]:
    span = diagnostic.span
    if span is None:
        return set()
    return {(diagnostic.slug, line, span.source) for line in (None, span.start.line)}


def _unused(ignore: Ignore, is_in_vain: bool) -> Diagnostic:
    why = f'there is no "{ignore.slug}" finding to ignore here'
    if is_in_vain:
        why = f'"{ignore.slug}" cannot be ignored: the spec cannot run with it'
    return Diagnostic(
        slug="unused-ignore",
        severity=Severity.WARNING,
        headline=why,
        labels=labelled(ignore.span),
        helps=("remove the comment",),
    )
