"""The ``ftspec`` command in the process of a test, which has imported torch already."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from unittest.mock import patch

from ftspec.testing.check import require


@dataclass(frozen=True)
class Done:
    """A finished command: its exit code, and its output."""

    code: int
    out: str
    err: str


def run_command(*arguments: str | Path) -> Done:
    """Run ``ftspec`` with these arguments, such as ``run_command("predict", run_dir, "a text")``.

    Raises:
        ValueError: the command is ``lint``, which ends its process. Use ``lint_spec`` instead.
    """
    if arguments[:1] == ("lint",):
        raise ValueError('"ftspec lint" ends its process; use ftspec.testing.lint_spec')
    (command,) = distribution("ftspec").entry_points.select(group="console_scripts", name="ftspec")
    main = command.load()
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    code: object = 0
    with (
        patch.object(sys, "argv", ["ftspec", *map(str, arguments)]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    exit_code = code if isinstance(code, int) else int(code is not None)
    return Done(exit_code, _text_of(out), _text_of(err))


def output_of(*arguments: str | Path) -> str:
    """The standard output of ``ftspec`` with these arguments.

    Raises:
        NonconformingError: the command fails, or prints a traceback.
    """
    done = run_command(*arguments)
    is_fine = done.code == 0 and "Traceback" not in done.err
    require(is_fine, f"exit code {done.code}: {done.out}{done.err}")
    return done.out


def _text_of(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
