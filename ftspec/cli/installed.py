"""What is installed, for one command: the registry, and the option to leave plugins out."""

from __future__ import annotations

import click

from ftspec.cli.output import echo
from ftspec.diagnostics.render import text
from ftspec.registry.disabled import NO_PLUGINS
from ftspec.registry.discover import build_registry
from ftspec.registry.registry import Registry

no_plugins_option = click.option(
    "--no-plugins", is_flag=True, help="Leave third-party plugins out, as if none were installed."
)


def open_registry(*, no_plugins: bool = False) -> Registry:
    """Everything installed. What is wrong with plugins is shown on standard error."""
    registry = load_registry(no_plugins=no_plugins)
    echo(text.render(registry.problems), err=True, nl=False)
    return registry


def load_registry(*, no_plugins: bool = False) -> Registry:
    """Everything installed, for a command that shows ``registry.problems`` in its own way."""
    return build_registry(disabled=NO_PLUGINS if no_plugins else None)
