"""Exit codes, and the one place where an exception becomes one."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click

from ftspec import __version__
from ftspec.cli.output import echo, masked
from ftspec.diagnostics.render import text
from ftspec.errors import FtspecError, SpecError, UsageError

DONE = 0
FINDINGS = 1
USAGE = 2
BUG = 3
INTERRUPTED = 130

_FULL = (errno.ENOSPC, errno.EDQUOT)  # a full disk is no bug, whatever was being written


class Exit(Exception):  # noqa: N818 - it ends a command, and is no error
    """Ends a command with a code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def guarded(command: Callable[[], object]) -> int:
    """Run ``command`` and return its exit code; an unexpected error leaves a log to report.

    click itself sees to output that nobody reads any more, as in ``ftspec lint | head``: it ends
    the process with 1.
    """
    try:
        command()
    except Exit as end:
        return end.code
    except click.exceptions.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, click.Abort) as stop:
        # a plugin that takes long is named by a note
        echo(" ".join(("interrupted", *getattr(stop, "__notes__", ()))), err=True)
        return INTERRUPTED
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        echo(said.getvalue(), err=True, nl=False)
        return USAGE
    except UsageError as error:
        echo(f"error: {error}", err=True)
        return USAGE
    except SpecError as error:
        echo(text.render(error.diagnostics), err=True, nl=False)
        return FINDINGS
    except FtspecError as error:
        echo(f"error: {error}", err=True)
        return FINDINGS
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            echo(f"error: {error.strerror}", err=True)
            return FINDINGS
        _report_bug(error)
        return BUG
    return DONE


def end_at_once(code: int) -> NoReturn:
    """End the process without taking the interpreter apart, which takes a sixth of a lint.

    Only for a command that leaves nothing to do at the end: what was written is flushed, and no
    handler of :mod:`atexit` runs.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed by whoever started us
            stream.flush()
    os._exit(code)


def _report_bug(error: Exception) -> None:
    import platform  # these take 5 ms, and only a bug needs them
    import tempfile
    import traceback

    from ftspec.registry.installed import find_plugins  # pydantic is imported here
    from ftspec.registry.isolation import plugin_at_fault

    plugin = plugin_at_fault(error, [plugin for plugin, _ in find_plugins()])
    at_fault = f", with the plugin {plugin}" if plugin is not None else ""
    log = Path(tempfile.mkstemp(prefix="ftspec-bug-", suffix=".md")[1])
    report = (
        f"### ftspec {__version__}{at_fault}, Python {platform.python_version()}, "
        f"{platform.platform()}\n\n"
        f"```\nftspec {' '.join(sys.argv[1:])}\n```\n\n```\n{traceback.format_exc()}```\n"
    )
    log.write_text(masked(report), encoding="utf-8")
    last = traceback.format_exception_only(error)[-1].strip()
    if plugin is not None:
        echo(f"this is a bug in the plugin {plugin}, not in your spec: {last}", err=True)
        echo(f"please tell its authors, with what is in {log}", err=True)
        return
    echo(f"this is a bug in ftspec, not in your spec: {last}", err=True)
    echo(f"please open an issue with what is in {log}", err=True)
