"""Paths inside a spec: ``("callbacks", 0, "type")``, written ``callbacks[0].type``."""

from __future__ import annotations

import re

SpecPath = tuple[str | int, ...]

_STEP = re.compile(r"(?P<key>[^.\[\]=\s]+)|\[(?P<index>[0-9]{1,6})\]")
_MOST_STEPS = 50  # the maximum depth of a document


def format_path(path: SpecPath) -> str:
    """The written form, or ``the spec`` for the root."""
    written = ""
    for step in path:
        if isinstance(step, int):
            written += f"[{step}]"
        else:
            written += f".{step}" if written else step
    return written or "the spec"


def parse_path(written: str) -> SpecPath | None:
    """The path of a written form, or ``None`` if it is not valid."""
    steps: list[str | int] = []
    position = 0
    while position < len(written):
        if steps and written[position] == ".":
            position += 1
        match = _STEP.match(written, position)
        if match is None or (match["index"] is not None and not steps):
            return None
        steps.append(match["key"] if match["index"] is None else int(match["index"]))
        position = match.end()
        if position < len(written) and written[position] not in ".[":
            return None
    return tuple(steps) if 0 < len(steps) <= _MOST_STEPS else None
