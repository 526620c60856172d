"""The catalog: explanations of findings that do not come from checks.

Explanations of checks are in their docstrings.
"""

from __future__ import annotations

from ftspec.diagnostics.catalog import data, documents, installation, language, models
from ftspec.diagnostics.explanation import Explanation, parse_explanation

CATALOG: tuple[Explanation, ...] = tuple(
    parse_explanation(slugs, text)
    for part in (documents, language, installation, data, models)
    for slugs, text in part.EXPLANATIONS.items()
)
"""One explanation per slug, or for a few slugs that mean the same mistake."""
