"""Explanations: what a slug means, with examples that a test runs.

The text has a fixed form::

    What is found, in one sentence.

    Why: what it costs not to know.

    Bad:

        <keys of a spec>

    Good:

        <keys of a spec>

Examples hold only the keys that matter; they are laid over a small sound spec to be tried.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

_FORM = re.compile(
    r"(?P<what>.+?)\n\nWhy: (?P<why>.+?)\n\nBad:\n\n(?P<bad>.+?)\n\nGood:\n\n(?P<good>.+)",
    re.DOTALL,
)


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What the slugs of one rule mean."""

    slugs: tuple[str, ...]
    what: str
    why: str
    bad: str
    good: str


def parse_explanation(slugs: tuple[str, ...], text: str) -> Explanation:
    """The explanation in a text of the fixed form.

    Raises:
        ValueError: the text has another form.
    """
    match = _FORM.fullmatch(inspect.cleandoc(text))
    if match is None:
        raise ValueError(f"the explanation of {', '.join(slugs)} has not the fixed form")
    parts = {name: inspect.cleandoc("\n" + part) for name, part in match.groupdict().items()}
    return Explanation(slugs=slugs, **parts)
