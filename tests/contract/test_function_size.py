"""Functions are short and shallow."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import ftspec

PACKAGE = Path(ftspec.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 60  # from "def" to the last line, with the docstring
MOST_LEVELS = 4  # of blocks inside a function
BLOCKS = (ast.AsyncFor, ast.AsyncWith, ast.For, ast.If, ast.Match, ast.Try, ast.While, ast.With)
FUNCTIONS = (ast.AsyncFunctionDef, ast.FunctionDef)


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, FUNCTIONS):
            yield node


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def levels_in(node: ast.AST) -> int:
    """The levels of nested blocks below a node. A nested function starts again at zero."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            continue
        own = isinstance(child, BLOCKS) and not _is_elif(child, node)
        deepest = max(deepest, levels_in(child) + own)
    return deepest


def _is_elif(child: ast.AST, parent: ast.AST) -> bool:
    """Whether an ``if`` is the ``elif`` of its parent, which is on the same level."""
    return (
        isinstance(child, ast.If)
        and isinstance(parent, ast.If)
        and parent.orelse == [child]
        and child.col_offset == parent.col_offset
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_functions_are_short_and_shallow(path: Path) -> None:
    faults = []
    for function in functions_of(path):
        place = f"{path.relative_to(PACKAGE.parent)}:{function.lineno} {function.name}"
        if lines_of(function) > MOST_LINES:
            faults.append(f"{place} has {lines_of(function)} lines, more than {MOST_LINES}")
        if levels_in(function) > MOST_LEVELS:
            faults.append(f"{place} has {levels_in(function)} levels, more than {MOST_LEVELS}")
    assert faults == []


def test_levels_are_counted_as_they_are_indented() -> None:
    deep_text = """
def f():
    if a:
        for b in c:
            with d:
                try: pass
                except E:
                    while g: pass
"""
    (deep,) = ast.parse(deep_text).body
    assert levels_in(deep) == 5
    (flat,) = ast.parse("def f():\n if a: pass\n elif b: pass\n elif c: pass\n else: pass").body
    assert levels_in(flat) == 1
    (nested,) = ast.parse("def f():\n if a:\n  def g():\n   if b: pass").body
    assert levels_in(nested) == 1
