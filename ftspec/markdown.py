"""Text of a spec or of data in Markdown pages, where it is shown and never read as markup."""

from __future__ import annotations

import re

from ftspec.escaping import visible

_SPECIAL = re.compile(r"[\\`*\[\]|~$!]|^(?:[#+=-]|\d+(?=[.)]))")
_ENTITIES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}


def plain(text: str) -> str:
    """``text`` on one line, without markup: no HTML, links, pictures, tables or headings."""
    line = " ".join(visible(text).split())
    return _SPECIAL.sub(_escaped, line).translate(_ENTITIES)


def code(text: str) -> str:
    """``text`` as code within a line."""
    line = " ".join(visible(text).split())
    marks = "`" * (_longest_run(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{marks}{pad}{line}{pad}{marks}"


def fenced(text: str, language: str, shortest: int = 3) -> str:
    """``text`` as a block of code, which nothing in it can end. ``shortest`` is the least number of
    marks around it."""
    fence = "`" * max(shortest, _longest_run(text) + 1)
    return f"{fence}{language}\n{visible(text)}\n{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _escaped(match: re.Match[str]) -> str:
    return f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}"
