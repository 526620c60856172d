"""The diagnostic: one finding, as a value that every renderer shows its own way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ftspec.span import Span


def printable(text: str) -> str:
    """``text`` on one line, what a terminal would act on or hide shown as an escape."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


class Severity(StrEnum):
    """How bad a finding is. Only errors stop the pipeline."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Label(NamedTuple):
    """A span and what to say about it; the first label of a diagnostic is its place."""

    span: Span
    text: str = ""


class Fix(NamedTuple):
    """A text edit that mends the finding: replace ``span`` by ``replacement``."""

    span: Span
    replacement: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnostic:
    """One finding.

    Attributes:
        slug: stable kebab-case identity, such as ``unknown-key``.
        headline: one lower-case sentence without a final period; offending values in double quotes.
        labels: places, the main one first; empty only where there is no text to point at.
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
    """The label tuple of a diagnostic with one place, or with none."""
    return (Label(span, text),) if span is not None else ()


MOST = 100
"""Findings that are shown of one text: more means that it is no spec, and nobody reads them."""


class Collector:
    """Gathers the diagnostics of one phase: a phase reports all it found and not the first.

    After :data:`MOST` of them it says so and takes no more.
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
                    headline=f"more than {MOST} findings, and the rest is not shown",
                    labels=diagnostic.labels[:1],
                )
            )

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Record several findings; asks for no more than it takes."""
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
        """Whether any further finding would be left out."""
        return len(self._found) > MOST

    @property
    def has_errors(self) -> bool:
        """Whether the phase must stop the pipeline at its end."""
        return any(found.severity is Severity.ERROR for found in self._found)
