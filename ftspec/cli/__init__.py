"""The command line: a lazy group, so that each command imports only what it needs."""

from __future__ import annotations

import gc
import sys
import threading

import click

from ftspec import __version__
from ftspec.cli.exits import INTERRUPTED, end_at_once, guarded
from ftspec.cli.lazy import LazyGroup

COMMANDS = {
    "cache": "ftspec.cli.cache:cache_command",
    "diff": "ftspec.cli.diff:diff_command",
    "explain": "ftspec.cli.explain:explain_command",
    "export": "ftspec.cli.export:export_command",
    "init": "ftspec.cli.init:init_command",
    "lint": "ftspec.cli.lint:lint_command",
    "plan": "ftspec.cli.plan:plan_command",
    "plugins": "ftspec.cli.plugins:plugins_command",
    "predict": "ftspec.cli.predict:predict_command",
    "run": "ftspec.cli.run:run_command",
    "schema": "ftspec.cli.schema:schema_command",
}

# new objects between two searches for garbage: to start makes many objects and no garbage, and the
# 700 that Python begins with cost 7 % of a lint
_OBJECTS = 100_000


@click.group(
    cls=LazyGroup, places=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="ftspec")
def cli() -> None:
    """Fine-tune Hugging Face models from one YAML spec.

    Exit codes: 0 clean or done, 1 findings or a failed run, 2 wrong usage, 3 a bug in ftspec
    or in a plugin, 130 interrupted.
    """


def _is_waited_for() -> bool:
    """Whether Python would wait for a thread, such as one that uploads or downloads, before the
    process ends: an interrupted command ends now."""
    others = (one for one in threading.enumerate() if one is not threading.current_thread())
    return any(not thread.daemon for thread in others)


def main() -> None:
    """The ``ftspec`` command."""
    is_lint = sys.argv[1:2] == ["lint"]
    if is_lint:
        gc.set_threshold(_OBJECTS)
    code = guarded(lambda: cli.main(prog_name="ftspec", standalone_mode=False))
    if is_lint or (code == INTERRUPTED and _is_waited_for()):
        end_at_once(code)
    sys.exit(code)
