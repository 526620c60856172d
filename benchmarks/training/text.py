"""Real text that every Python has: the docstrings of its standard library."""

from __future__ import annotations

import ast
import random
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

_SHORTEST = 12
"""Words. With shorter docstrings too, half as many of the computed tokens would be real, and every
ratio would be twice as large."""


class Docstring(NamedTuple):
    """A docstring and the package of the standard library it is from."""

    package: str
    text: str


@cache
def docstrings() -> tuple[Docstring, ...]:
    """Each docstring of 12 words or more once, in the same random order on every machine with this
    Python."""
    found = {one.text: one for one in _read() if len(one.text.split()) >= _SHORTEST}
    ordered = [found[text] for text in sorted(found)]
    random.Random(0).shuffle(ordered)
    return tuple(ordered)


def summaries() -> Iterator[dict[str, str]]:
    """The first paragraph of a docstring as the summary of the rest."""
    for one in docstrings():
        summary, _, document = one.text.partition("\n\n")
        if len(document.split()) >= _SHORTEST:
            yield {"document": " ".join(document.split()), "summary": " ".join(summary.split())}


def _read() -> Iterator[Docstring]:
    root = Path(sysconfig.get_paths()["stdlib"])
    for file in sorted(root.rglob("*.py")):
        parts = file.relative_to(root).parts
        if {"site-packages", "dist-packages", "test", "tests", "idle_test"} & set(parts):
            continue
        try:
            tree = ast.parse(file.read_bytes())
        except SyntaxError:  # lib2to3 keeps files that are wrong on purpose
            continue
        package = parts[0].removesuffix(".py")
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = ast.get_docstring(node)
                if text is not None:
                    yield Docstring(package, text)
