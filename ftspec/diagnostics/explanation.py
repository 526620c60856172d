"""Explanations: the meaning of a slug, with examples that a test runs.

The text has a fixed form::

    The finding, in one sentence.

    Why: why it matters.

    Bad:

        <keys of a spec>

    Good:

        <keys of a spec>

Examples have only the relevant keys; a test merges them into a small valid spec. A finding that
depends on more than the text of a spec has no examples. It ends with, for example,
``Found: when the run prepares its data.``
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

_FORM = re.compile(
    r"(?P<what>.+?)\n\nWhy: (?P<why>.+?)\n\n"
    r"(?:Bad:\n\n(?P<bad>.+?)\n\nGood:\n\n(?P<good>.+)|Found: (?P<found>.+))",
    re.DOTALL,
)


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The meaning of the slugs of one rule.

    ``bad`` and ``good`` are examples. If they are empty, ``found`` says when the finding occurs.
    """

    slugs: tuple[str, ...]
    what: str
    why: str
    bad: str = ""
    good: str = ""
    found: str = ""

    def to_text(self) -> str:
        """The explanation for a terminal."""
        parts = [", ".join(self.slugs), self.what, f"Why: {self.why}"]
        if self.found:
            parts.append(f"Found: {self.found}")
        else:
            parts += ["Bad:", _indented(self.bad), "Good:", _indented(self.good)]
        return "\n\n".join(parts) + "\n"


def parse_explanation(slugs: tuple[str, ...], text: str) -> Explanation:
    """The explanation in a text with the fixed form.

    Raises:
        ValueError: the text does not have the fixed form.
    """
    match = _FORM.fullmatch(inspect.cleandoc(text))
    if match is None:
        raise ValueError(f"the explanation of {', '.join(slugs)} does not have the fixed form")
    parts = {
        name: inspect.cleandoc("\n" + part) for name, part in match.groupdict().items() if part
    }
    return Explanation(slugs=slugs, **parts)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())
