"""`ftspec` forked from a process that has imported what commands without torch import.

A command that lints takes a twentieth of a second then, and half a second in a new process. What it
imports beyond that, it imports itself. Use ``tests.cli.command`` for a test of imports, signals or
the environment.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.cli import command
from tests.cli.command import ROOT, Done, own_environment
from tests.cli.warm import Warm

IMPORTED = (
    "ftspec.builtin.plugin",
    "ftspec.cli.cache.ls",
    "ftspec.cli.diff",
    "ftspec.cli.explain",
    "ftspec.cli.init",
    "ftspec.cli.lint",
    "ftspec.cli.plan",
    "ftspec.cli.plugins",
    "ftspec.cli.runs",
    "ftspec.cli.schema",
    "ftspec.linting",
)


def ftspec(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | bytes | None = None,
) -> Done:
    """Run `ftspec` with these arguments and wait until it ends."""
    environment = own_environment() if env is None else env
    if environment.get("PYTHONPATH") != os.environ.get("PYTHONPATH"):  # read at the very start
        return command.ftspec(*arguments, cwd=cwd, env=environment, stdin=stdin)
    return _commands().ftspec(*arguments, env=environment, cwd=cwd or ROOT, stdin=stdin or b"")


@cache
def _commands() -> Warm:
    """Those of this process, to its end."""
    commands = Warm(IMPORTED)
    atexit.register(commands.close)
    return commands
