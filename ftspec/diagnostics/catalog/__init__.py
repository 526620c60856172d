"""The catalog: explanations of the findings that come from no check.

Those of checks are in their docstrings.
"""

from __future__ import annotations

from ftspec.diagnostics.catalog import data, documents, installation, language, models
from ftspec.diagnostics.explanation import Explanation, parse_explanation

CATALOG: tuple[Explanation, ...] = tuple(
    parse_explanation(slugs, text)
    for part in (documents, language, installation, data, models)
    for slugs, text in part.EXPLANATIONS.items()
)
"""An explanation for one slug, or for a few that mean the same mistake."""
