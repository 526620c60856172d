"""One line per finding, for editors and grep."""

from __future__ import annotations

from collections.abc import Sequence

from ftspec.diagnostics.model import Diagnostic


def render(diagnostics: Sequence[Diagnostic]) -> str:
    """``file:line:column: severity[slug]: headline``, one line per finding."""
    return "".join(f"{diagnostic}\n" for diagnostic in diagnostics)
