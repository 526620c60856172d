"""The command line: a lazy group, so that each command imports only what it needs."""

from __future__ import annotations

import importlib
import sys

import click

from ftspec import __version__
from ftspec.cli.exits import guarded

COMMANDS = {
    "diff": "ftspec.cli.diff:diff_command",
    "explain": "ftspec.cli.explain:explain_command",
    "init": "ftspec.cli.init:init_command",
    "lint": "ftspec.cli.lint:lint_command",
    "plan": "ftspec.cli.plan:plan_command",
    "plugins": "ftspec.cli.plugins:plugins_command",
    "predict": "ftspec.cli.predict:predict_command",
    "run": "ftspec.cli.run:run_command",
    "schema": "ftspec.cli.schema:schema_command",
}


class LazyGroup(click.Group):
    """Imports the module of a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command there is."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ftspec")
def cli() -> None:
    """Fine-tune Hugging Face models from one YAML spec.

    Exit codes: 0 clean or done, 1 findings or a failed run, 2 wrong usage, 3 a bug in ftspec,
    130 interrupted.
    """


def main() -> None:
    """The ``ftspec`` command."""
    sys.exit(guarded(lambda: cli.main(prog_name="ftspec", standalone_mode=False)))
