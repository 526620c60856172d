"""The commands of docs/plugins.md, one after another, in an environment like its reader's: a new
task is built, installed, passes its own tests, trains and predicts."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.cli.command import ROOT, own_environment, run
from tests.plugins.environment import Environment, build_wheel

pytestmark = [pytest.mark.slow, pytest.mark.long]

_CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_FROM_THE_REGISTRY = re.compile(r"pip install (?!-e )")


def test_every_command_of_the_guide(environment: Environment, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    lines = [line for block in _CONSOLE.findall(page) for line in block.splitlines()]
    assert len(lines) > 8
    _add_commands(environment, "pytest", "hatchling")
    path = f"{environment.python.parent}{os.pathsep}{os.environ['PATH']}"
    folder = tmp_path
    for line in lines:
        assert line.startswith("$ "), line
        command = line.removeprefix("$ ")
        if command.startswith("cd "):
            folder = folder / command.removeprefix("cd ")
        elif command.startswith("pip install -e"):
            environment.install(build_wheel(folder, tmp_path))
        elif not _FROM_THE_REGISTRY.match(command):
            done = run(["bash", "-c", command], cwd=folder, env=own_environment(PATH=path))
            assert done.code == 0, f"{command}: {done.said}"
            assert " skipped" not in done.out, done.said
    assert {path.suffix for path in (folder / "dist").iterdir()} == {".gz", ".whl"}


def _add_commands(environment: Environment, *modules: str) -> None:
    """Commands of packages that are seen but not installed there."""
    for module in modules:
        command = environment.python.parent / module
        command.write_text(f'#!/bin/sh\nexec "{environment.python}" -P -m {module} "$@"\n')
        command.chmod(0o755)
