"""Options and arguments that several commands share."""

from __future__ import annotations

import click

from ftspec.cli.syntax.completion import complete_files, complete_profiles

spec_argument = click.argument("spec", shell_complete=complete_files)

profile_option = click.option(
    "--profile", help="Apply this profile of the spec.", shell_complete=complete_profiles
)

set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help='Override a value, as in "training.max_steps=10". Overrides win over everything else. '
    "Repeatable.",
)

no_plugins_option = click.option(
    "--no-plugins", is_flag=True, help="Ignore third-party plugins, as if none were installed."
)

format_option = click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The output format: text for people, json for programs.",
)
