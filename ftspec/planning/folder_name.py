"""What the name of a run directory says of its run: what the command line changed in the spec."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_LONGEST = 80
_LONGEST_VALUE = 24
_UNSAFE = re.compile(r"[^\w.+-]+", re.ASCII)
_UNSAID = ("name", "description", "output.", "launcher")
_HAS_SECRET = re.compile(r"token|secret|password|\$\{", re.IGNORECASE)


def changes_named(profile: str | None, overrides: Sequence[str], mask: Callable[[str], str]) -> str:
    """The profile and the values of ``--set`` as part of a folder's name, such as
    ``large,learning_rate=1e-3,seed=2``; empty without any. Only letters, digits and ``.+-_=,`` are
    in it, and nothing that ``mask`` hides.
    """
    written = [
        *([profile] if profile is not None else []),
        *(one for one in overrides if not one.startswith(_UNSAID)),
    ]
    parts = []
    for text in written:
        if _HAS_SECRET.search(text) or mask(text) != text:
            continue
        path, equals, value = text.partition("=")
        key = _safe(path.rpartition(".")[2])
        parts.append(f"{key}={_safe(value)}" if equals else key)
    named = ",".join(part for part in parts if part.strip("="))
    return named if len(named) <= _LONGEST else named[:_LONGEST].rpartition(",")[0]


def _safe(text: str) -> str:
    return _UNSAFE.sub("-", text).strip("-.")[:_LONGEST_VALUE]
