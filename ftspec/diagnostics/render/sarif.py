"""Findings as SARIF 2.1.0, the interchange format of code scanners (OASIS, 2020)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from ftspec import __version__
from ftspec.diagnostics.model import Diagnostic, Severity
from ftspec.escaping import visible_json
from ftspec.span import Span

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(diagnostics: Sequence[Diagnostic]) -> str:
    """One SARIF log with one run; columns count Unicode code points."""
    rules = sorted({diagnostic.slug for diagnostic in diagnostics})
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "ftspec",
                        "version": __version__,
                        "rules": [{"id": slug} for slug in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(diagnostic, rules) for diagnostic in diagnostics],
            }
        ],
    }
    return visible_json(json.dumps(log, indent=2, ensure_ascii=False)) + "\n"


def _result(diagnostic: Diagnostic, rules: Sequence[str]) -> dict[str, Any]:
    message = "\n".join((diagnostic.headline, *(f"help: {text}" for text in diagnostic.helps)))
    result: dict[str, Any] = {
        "ruleId": diagnostic.slug,
        "ruleIndex": rules.index(diagnostic.slug),
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": message.replace("](", "] (")},  # not a link
    }
    if diagnostic.labels:
        places = [_location(label.span) for label in diagnostic.labels]
        result["locations"] = places[:1]
        if len(places) > 1:
            result["relatedLocations"] = places[1:]
    if diagnostic.fix is not None:
        result["fixes"] = [_fix(diagnostic)]
    return result


def _location(span: Span) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(span.source.name)},
            "region": _region(span),
        }
    }


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.start.line + 1,
        "startColumn": span.start.column + 1,
        "endLine": span.end.line + 1,
        "endColumn": span.end.column + 1,
    }


def _fix(diagnostic: Diagnostic) -> dict[str, Any]:
    assert diagnostic.fix is not None
    span = diagnostic.fix.span
    return {
        "description": {"text": f"write {diagnostic.fix.replacement}"},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": quote(span.source.name)},
                "replacements": [
                    {
                        "deletedRegion": _region(span),
                        "insertedContent": {"text": diagnostic.fix.replacement},
                    }
                ],
            }
        ],
    }
