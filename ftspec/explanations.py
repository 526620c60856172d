"""Every explanation there is, by slug; ``python -m ftspec.explanations`` writes their page."""

from __future__ import annotations

from ftspec.checks import CHECKS
from ftspec.diagnostics.catalog import CATALOG
from ftspec.diagnostics.explanation import Explanation, parse_explanation

_HEAD = """\
# Diagnostics

What `ftspec lint` and a run can find, by slug. `ftspec explain SLUG` prints the same. Examples hold
only the keys that matter.

A finding of `ftspec lint` that you have looked at and mean to keep is ignored by a comment at the
end of its line, or before the first key for the whole file:

    learning_rate: 0.05  # ftspec: ignore[learning-rate]

<!-- made by "python -m ftspec.explanations > docs/diagnostics.md" -->
"""


def explanations() -> dict[str, Explanation]:
    """The explanation of each slug, sorted."""
    parsed = [parse_explanation(check.SLUGS, check.__doc__ or "") for check in CHECKS]
    by_slug = {slug: one for one in (*parsed, *CATALOG) for slug in one.slugs}
    return dict(sorted(by_slug.items()))


def page() -> str:
    """The page of all explanations in Markdown, each where its first slug belongs."""
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
    """Prose that Markdown shows as it is."""
    return text.replace("<", "\\<").replace("*", "\\*").replace("_", "\\_")


if __name__ == "__main__":
    print(page(), end="")
