"""Renderers of diagnostics, one file per format."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ftspec.diagnostics.model import Diagnostic
from ftspec.diagnostics.render import concise, github, json, sarif, text

RENDERERS: dict[str, Callable[[Sequence[Diagnostic]], str]] = {
    "concise": concise.render,
    "github": github.render,
    "json": json.render,
    "sarif": sarif.render,
    "text": text.render,
}
"""The formats of ``--format``."""
