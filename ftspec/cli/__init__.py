"""The command line. Each command is imported when it is used, and imports only what it needs."""

from __future__ import annotations

import gc
import signal
import sys
import threading

import click

from ftspec import __version__
from ftspec.cli.syntax.lazy_group import LazyGroup
from ftspec.cli.terminal.exits import MEANINGS, end_at_once, guarded
from ftspec.exit_code import record_exit_code
from ftspec.stopping import INTERRUPTED, REQUEUE, interrupt_command, set_handlers

COMMANDS = {
    "cache": "ftspec.cli.cache:cache_command",
    "calibrate": "ftspec.cli.calibrate:calibrate_command",
    "compare": "ftspec.cli.compare:compare_command",
    "diff": "ftspec.cli.diff:diff_command",
    "evaluate": "ftspec.cli.evaluate:evaluate_command",
    "explain": "ftspec.cli.explain:explain_command",
    "export": "ftspec.cli.export:export_command",
    "init": "ftspec.cli.init:init_command",
    "lint": "ftspec.cli.lint:lint_command",
    "plan": "ftspec.cli.plan:plan_command",
    "plugins": "ftspec.cli.plugins:plugins_command",
    "predict": "ftspec.cli.predict:predict_command",
    "report": "ftspec.cli.report:report_command",
    "run": "ftspec.cli.run:run_command",
    "runs": "ftspec.cli.runs:runs_command",
    "schema": "ftspec.cli.schema:schema_command",
}

# The number of new objects after which Python collects garbage. Starting up makes many objects and
# no garbage; with Python's default of 700, the collections take 7 % of a lint.
_OBJECTS = 100_000


class _Root(LazyGroup):
    """The group of all commands, whose help ends with the exit codes."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes as a table."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in MEANINGS.items()])


@click.group(cls=_Root, places=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ftspec")
def cli() -> None:
    """Fine-tune Hugging Face models from one YAML spec."""


def _is_waited_for() -> bool:
    """Whether Python would wait for another thread, such as an upload, before the process ends.

    An interrupted command does not wait.
    """
    others = (one for one in threading.enumerate() if one is not threading.current_thread())
    return any(not thread.daemon for thread in others)


def main() -> None:
    """The ``ftspec`` command."""
    is_lint = sys.argv[1:2] == ["lint"]
    if is_lint:
        gc.set_threshold(_OBJECTS)
    is_stopped_by_ctrl_c = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    set_handlers(interrupt_command, also_ctrl_c=is_stopped_by_ctrl_c)
    code = guarded(lambda: cli.main(prog_name="ftspec", standalone_mode=False))
    record_exit_code(code)
    # all is said and written: another signal must not change the exit code
    set_handlers(lambda number, frame: end_at_once(code), also_ctrl_c=True)
    if is_lint or (code in (INTERRUPTED, REQUEUE) and _is_waited_for()):
        end_at_once(code)
    sys.exit(code)
