"""Every explanation by slug. ``python -m ftspec.explanations`` writes the page of all of them."""

from __future__ import annotations

from ftspec.checks import CHECKS
from ftspec.diagnostics.catalog import CATALOG
from ftspec.diagnostics.explanation import Explanation, parse_explanation

_HEAD = """\
# Diagnostics

The findings of `ftspec lint` and of runs, by slug. `ftspec explain SLUG` prints the same text.
Examples show only the relevant keys.

To ignore a finding of `ftspec lint`, write a comment at the end of its line, or before the first
key for the whole file:

    learning_rate: 0.05  # ftspec: ignore[learning-rate]

<!-- made by "python -m ftspec.explanations > docs/diagnostics.md" -->
"""


def explanations() -> dict[str, Explanation]:
    """The explanation of each slug, sorted."""
    parsed = [parse_explanation(check.SLUGS, check.__doc__ or "") for check in CHECKS]
    by_slug = {slug: one for one in (*parsed, *CATALOG) for slug in one.slugs}
    return dict(sorted(by_slug.items()))


def page() -> str:
    """The page of all explanations in Markdown, sorted by their first slug."""
    sections = [_section(one) for slug, one in explanations().items() if slug == min(one.slugs)]
    return "\n".join((_HEAD, *sections))


def _section(one: Explanation) -> str:
    title = ", ".join(sorted(one.slugs))
    parts = [f"## {title}", _escaped(one.what), f"Why: {_escaped(one.why)}"]
    if one.found:
        parts.append(f"Found {_escaped(one.found)}")
    else:
        parts += [f"Bad:\n\n```yaml bad\n{one.bad}\n```", f"Good:\n\n```yaml good\n{one.good}\n```"]
    return "\n\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    """Text with its special characters escaped for Markdown."""
    return text.replace("<", "\\<").replace("*", "\\*").replace("_", "\\_")


if __name__ == "__main__":
    print(page(), end="")
