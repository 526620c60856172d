"""Findings on standard error, and the line that counts them."""

from __future__ import annotations

from collections.abc import Sequence

from ftspec.cli.terminal.output import echo
from ftspec.diagnostics.model import Diagnostic, Severity
from ftspec.diagnostics.render import text


def show_findings(found: Sequence[Diagnostic]) -> None:
    """Print findings on standard error, without secrets."""
    echo(text.render(found), err=True, nl=False)


def summary(found: Sequence[Diagnostic], files: int) -> str:
    """The last line of a report: how many findings of each severity, in how many specs."""
    counts = [
        f"{count} {severity.value}{'s' if count != 1 else ''}"
        for severity in Severity
        if (count := sum(one.severity is severity for one in found))
    ]
    where = f"{files} spec{'s' if files != 1 else ''}"
    return f"{', '.join(counts)} in {where}" if counts else f"{where}: no problems found"
