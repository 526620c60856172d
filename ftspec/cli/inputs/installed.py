"""The installed plugins and components, as one registry for a command."""

from __future__ import annotations

from ftspec.cli.terminal.findings import show_findings
from ftspec.registry.disabled import NO_PLUGINS
from ftspec.registry.discover import build_registry
from ftspec.registry.registry import Registry


def open_registry(*, no_plugins: bool = False) -> Registry:
    """Everything installed. Problems of plugins go to standard error."""
    registry = load_registry(no_plugins=no_plugins)
    show_findings(registry.problems)
    return registry


def load_registry(*, no_plugins: bool = False) -> Registry:
    """Everything installed, for a command that shows ``registry.problems`` in its own way."""
    return build_registry(disabled=NO_PLUGINS if no_plugins else None)
