"""Findings as workflow commands, which GitHub Actions shows in a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from ftspec.diagnostics.model import Diagnostic, Severity
from ftspec.escaping import visible

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(diagnostics: Sequence[Diagnostic]) -> str:
    """``::error file=…,line=…,col=…,title=slug::headline``, one line per finding."""
    return "".join(f"{_command(diagnostic)}\n" for diagnostic in diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    properties = {}
    span = diagnostic.span
    if span is not None:
        properties = {
            "file": span.source.name,
            "line": str(span.start.line + 1),
            "endLine": str(span.end.line + 1),
            "col": str(span.start.column + 1),
        }
        if span.start.line == span.end.line:  # columns on different lines do not form a range
            properties["endColumn"] = str(span.end.column + 1)
    properties["title"] = diagnostic.slug
    written = ",".join(f"{name}={_escape_property(text)}" for name, text in properties.items())
    message = "\n".join((diagnostic.headline, *(f"help: {text}" for text in diagnostic.helps)))
    return f"::{_COMMANDS[diagnostic.severity]} {written}::{_escape(message)}"


def _escape(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
