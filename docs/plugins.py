"""Copies the files of a new plugin into docs/plugins.md, each to the comment that names it.

Run it after a change to the templates of ``ftspec plugins new``: python docs/plugins.py
"""

from __future__ import annotations

import re
from pathlib import Path

from ftspec.scaffolding.project import new_project

PAGE = Path(__file__).with_suffix(".md")

_BLOCK = re.compile(r"(<!-- file: (?P<path>\S+) -->\n```\w+\n).*?(^```)", re.MULTILINE | re.DOTALL)


def refresh(page: str) -> str:
    """The page, with every marked block replaced by the current text of its file."""
    files = new_project("fill-mask", "task")
    return _BLOCK.sub(lambda match: match[1] + files[match["path"]] + match[3], page)


if __name__ == "__main__":
    PAGE.write_text(refresh(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
