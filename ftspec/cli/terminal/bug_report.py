"""The report of a bug: a log to attach to an issue, and who to send it to."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from pathlib import Path

from ftspec import __version__
from ftspec.cli.terminal.output import echo, masked
from ftspec.markdown import fenced
from ftspec.registry.installed import find_plugins
from ftspec.registry.isolation import plugin_at_fault


def report_bug(error: BaseException) -> None:
    """Write an unexpected error to a log, and say who should receive it.

    The traceback decides whether that is a plugin or ftspec.
    """
    plugin = plugin_at_fault(error, [plugin for plugin, _ in find_plugins()])
    at_fault = f", with the plugin {plugin}" if plugin is not None else ""
    log = Path(tempfile.mkstemp(prefix="ftspec-bug-", suffix=".md")[1])
    trace = "".join(traceback.format_exception(error))
    report = (
        f"### ftspec {__version__}{at_fault}, Python {platform.python_version()}, "
        f"{platform.platform()}\n\n"
        f"{fenced('ftspec ' + ' '.join(sys.argv[1:]), '')}\n\n{fenced(trace.rstrip(), '')}\n"
    )
    log.write_text(masked(report), encoding="utf-8")
    last = traceback.format_exception_only(error)[-1].strip()
    if plugin is not None:
        echo(f"this is a bug in the plugin {plugin}, not in your spec: {last}", err=True)
        echo(f"please report it to its authors, with the contents of {log}", err=True)
        return
    echo(f"this is a bug in ftspec, not in your spec: {last}", err=True)
    echo(f"please open an issue with the contents of {log}", err=True)
