"""Findings as a JSON array, for programs. Lines and columns are 1-based."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ftspec.diagnostics.model import Diagnostic
from ftspec.escaping import visible_json
from ftspec.span import Span


def render(diagnostics: Sequence[Diagnostic]) -> str:
    """A JSON array with one object per finding."""
    values = [_as_json(diagnostic) for diagnostic in diagnostics]
    return visible_json(json.dumps(values, indent=2, ensure_ascii=False)) + "\n"


def _as_json(diagnostic: Diagnostic) -> dict[str, Any]:
    fix = diagnostic.fix
    return {
        "slug": diagnostic.slug,
        "severity": diagnostic.severity.value,
        "headline": diagnostic.headline,
        "labels": [{**_place(label.span), "text": label.text} for label in diagnostic.labels],
        "helps": list(diagnostic.helps),
        "fix": {**_place(fix.span), "replacement": fix.replacement} if fix is not None else None,
    }


def _place(span: Span) -> dict[str, Any]:
    return {
        "file": span.source.name,
        "line": span.start.line + 1,
        "column": span.start.column + 1,
        "end_line": span.end.line + 1,
        "end_column": span.end.column + 1,
    }
