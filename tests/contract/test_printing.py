"""One module prints. What it prints has no secrets and no control characters."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.cli.command import ROOT

PRINTER = "cli/terminal/output.py"
# these print their own text: a trace of plugins that is made printable, programs of the test kit,
# and the generator of a page
OTHERS = {"registry/trace.py", "testing/factories.py", "testing/imports.py", "testing/probe.py"}
OTHERS |= {"explanations.py"}
CLICK = {"echo", "secho", "echo_via_pager", "confirm", "prompt", "progressbar"}


def printing(path: Path) -> list[str]:
    """The calls in a module that print."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        owner, _, name = called.rpartition(".")
        is_click = owner == "click" and name in CLICK
        is_stream = owner in ("sys.stdout", "sys.stderr", "sys.stdout.buffer") and name == "write"
        if called == "print" or is_click or is_stream:
            found.append(f"{path.name}:{node.lineno}: {called}")
    return found


@pytest.mark.parametrize("folder", ["ftspec", "plugins"])
def test_only_one_module_prints(folder: str) -> None:
    modules = [*(ROOT / folder).rglob("*.py")]
    assert modules
    modules = [one for one in modules if folder == "ftspec" or "src" in one.parts]
    allowed = {ROOT / "ftspec" / name for name in (PRINTER, *OTHERS)}
    assert [one for path in modules if path not in allowed for one in printing(path)] == []


def test_that_module_is_seen_to_print() -> None:
    assert printing(ROOT / "ftspec" / PRINTER)
