"""The diagnostic: one finding as a value, for all renderers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ftspec.span import Span


def printable(text: str) -> str:
    """``text`` on one line, with escapes for characters that are not printable."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


class Severity(StrEnum):
    """The severity of a finding. Only errors stop the pipeline."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Label(NamedTuple):
    """A span with a text. The first label of a diagnostic is its place."""

    span: Span
    text: str = ""


class Fix(NamedTuple):
    """A text edit that fixes the finding: replace ``span`` by ``replacement``."""

    span: Span
    replacement: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnostic:
    """One finding.

    Attributes:
        slug: stable kebab-case name, such as ``unknown-key``.
        headline: one lower-case sentence without a final period; bad values are in double quotes.
        labels: the places, with the main one first; empty if the finding is not about a text.
        helps: what to write instead, one line each.
        fix: an edit that is safe to apply without asking.
    """

    slug: str
    headline: str
    severity: Severity = Severity.ERROR
    labels: tuple[Label, ...] = ()
    helps: tuple[str, ...] = ()
    fix: Fix | None = None

    def __str__(self) -> str:
        place = f"{self.span}: " if self.span else ""
        return printable(f"{place}{self.severity.value}[{self.slug}]: {self.headline}")

    @property
    def span(self) -> Span | None:
        """The main place of the finding."""
        return self.labels[0].span if self.labels else None


def labelled(span: Span | None, text: str = "") -> tuple[Label, ...]:
    """The labels of a diagnostic with one place, or without a place."""
    return (Label(span, text),) if span is not None else ()


MOST = 100
"""The maximum number of findings for one text. A text with more is probably not a spec."""


class Collector:
    """Collects the diagnostics of one phase, which reports all of them and not only the first.

    After :data:`MOST` of them it adds a note, and ignores the rest.
    """

    def __init__(self) -> None:
        self._found: list[Diagnostic] = []

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._found)

    def add(self, diagnostic: Diagnostic) -> None:
        """Record one finding."""
        if len(self._found) < MOST:
            self._found.append(diagnostic)
        elif not self.is_full:
            self._found.append(
                Diagnostic(
                    slug="too-many",
                    headline=f"more than {MOST} findings; the rest is not shown",
                    labels=diagnostic.labels[:1],
                )
            )

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Record several findings. Stops iterating when it is full."""
        for diagnostic in diagnostics:
            self.add(diagnostic)
            if self.is_full:
                return

    def error(
        self, slug: str, headline: str, span: Span | None, *helps: str, fix: Fix | None = None
    ) -> None:
        """Record an error at ``span``."""
        self.add(
            Diagnostic(slug=slug, headline=headline, labels=labelled(span), helps=helps, fix=fix)
        )

    @property
    def is_full(self) -> bool:
        """Whether it ignores further findings."""
        return len(self._found) > MOST

    @property
    def has_errors(self) -> bool:
        """Whether the phase must stop the pipeline at its end."""
        return any(found.severity is Severity.ERROR for found in self._found)
