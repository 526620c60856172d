"""``# ftspec: ignore[slug]``: findings a user has looked at and means to keep.

At the end of a line it holds for findings on that line; in a comment before the first key it holds
for the whole file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ftspec.diagnostics.model import Diagnostic, Severity, labelled
from ftspec.span import Position, SourceText, Span

_IGNORE = re.compile(r"(?:^|(?<=\s))#\s*ftspec:\s*ignore\[(?P<slugs>[^\]]*)\]")
_COMMENT_OR_BLANK = re.compile(r"\s*(?:#.*)?$")


@dataclass(frozen=True, slots=True)
class Ignore:
    """One slug to ignore; ``line`` is ``None`` for the whole file."""

    slug: str
    line: int | None
    span: Span

    def covers(self, diagnostic: Diagnostic) -> bool:
        """Whether the finding is one it ignores."""
        span = diagnostic.span
        if span is None or span.source != self.span.source or diagnostic.slug != self.slug:
            return False
        return self.line is None or self.line == span.start.line


def find_ignores(source: SourceText) -> list[Ignore]:
    """Every ignore comment of a text, a slug each."""
    ignores = []
    in_head = True
    for number, line in enumerate(source.lines):
        in_head = in_head and _COMMENT_OR_BLANK.match(line) is not None
        for match in _IGNORE.finditer(line):
            for part in re.finditer(r"[^,\s]+", match["slugs"]):
                start = match.start("slugs") + part.start()
                end = match.start("slugs") + part.end()
                span = Span(source, Position(number, start), Position(number, end))
                ignores.append(Ignore(part.group(), None if in_head else number, span))
    return ignores


def drop_ignored(
    diagnostics: Iterable[Diagnostic],
    ignores: Sequence[Ignore],
    may_ignore: Callable[[Diagnostic], bool],
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """The findings that stay, and one for each comment that ignores nothing: it would hide the
    next finding, which may matter."""
    kept = []
    unused = {ignore: f'there is no "{ignore.slug}" to ignore here' for ignore in ignores}
    for diagnostic in diagnostics:
        covering = [ignore for ignore in ignores if ignore.covers(diagnostic)]
        if may_ignore(diagnostic):
            unused = {one: why for one, why in unused.items() if one not in covering}
        else:
            reason = f'"{diagnostic.slug}" cannot be ignored: nothing can run with it'
            unused |= dict.fromkeys(covering, reason)
        if not covering or not may_ignore(diagnostic):
            kept.append(diagnostic)
    return kept, [_unused(ignore, why) for ignore, why in unused.items()]


def _unused(ignore: Ignore, why: str) -> Diagnostic:
    return Diagnostic(
        slug="unused-ignore",
        severity=Severity.WARNING,
        headline=why,
        labels=labelled(ignore.span),
        helps=("remove the comment",),
    )
