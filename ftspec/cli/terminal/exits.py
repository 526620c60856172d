"""Exit codes, and the one place where an exception becomes one."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NoReturn

import click

from ftspec.cli.terminal.findings import show_findings
from ftspec.cli.terminal.output import echo
from ftspec.errors import (
    FtspecError,
    MissingExtraError,
    SpecError,
    UsageError,
    is_bad_path,
    is_disk_full,
    text_of_os_error,
)
from ftspec.exit_code import forbid_restart, record_exit_code
from ftspec.stopping import INTERRUPTED, REQUEUE, code_of_interrupt

DONE = 0
FINDINGS = 1
USAGE = 2
BUG = 3

MEANINGS: Mapping[int, str] = {
    DONE: "success",
    FINDINGS: "errors in a spec, a failed run, or differences found by diff",
    USAGE: "wrong usage of the command line",
    BUG: "a bug in ftspec or in a plugin, which is named",
    REQUEUE: "stopped by SIGUSR1 or SIGUSR2, to start again with --resume auto",
    INTERRUPTED: "interrupted by Ctrl-C, SIGTERM or SIGHUP",
}
"""What each exit code means, for the help and the README."""


class Exit(Exception):  # noqa: N818 - it ends a command and is not an error
    """Ends a command with an exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def guarded(command: Callable[[], object]) -> int:
    """Run ``command`` and return its exit code. An unexpected error leaves a log to report.

    click itself handles output that nobody reads any more, as in ``ftspec lint | head``: it ends
    the process with exit code 1.
    """
    try:
        command()
    except (Exception, KeyboardInterrupt) as error:
        code = code_of_error(error)
        if code == USAGE or isinstance(error, (SpecError, MissingExtraError)):
            forbid_restart()
        _show(error, code)
        return code
    return DONE


def code_of_error(error: BaseException) -> int:
    """The exit code of a command that ends with this exception."""
    if isinstance(error, Exit):
        return error.code
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return code_of_interrupt(error)
    if isinstance(error, (click.ClickException, UsageError)) or is_bad_path(error):
        return USAGE
    # a full disk is not a bug in ftspec
    if isinstance(error, FtspecError) or is_disk_full(error):
        return FINDINGS
    return BUG


def end_at_once(code: int) -> NoReturn:
    """End the process without shutting down the interpreter, which takes a sixth of a lint.

    Only for a command that has nothing left to do: output is flushed, but no handler of
    :mod:`atexit` runs.
    """
    record_exit_code(code)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # the parent process may have closed it
            with suppress(RuntimeError):  # a signal came while it was flushed
                stream.flush()
    os._exit(code)


def _show(error: BaseException, code: int) -> None:
    if isinstance(error, (Exit, click.exceptions.Exit)):
        return
    if code in (INTERRUPTED, REQUEUE):
        # where a plugin takes long, a note names the plugin
        echo(" ".join(("interrupted", *getattr(error, "__notes__", ()))), err=True)
    elif code == BUG:
        from ftspec.cli.terminal.bug_report import report_bug

        report_bug(error)
    elif isinstance(error, click.ClickException):
        message = io.StringIO()
        error.show(message)
        echo(message.getvalue(), err=True, nl=False)
    elif isinstance(error, SpecError):
        show_findings(error.diagnostics)
    elif isinstance(error, OSError):
        echo(f"error: {text_of_os_error(error)}", err=True)
    else:
        echo(f"error: {error}", err=True)
