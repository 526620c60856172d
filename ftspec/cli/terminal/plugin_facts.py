"""What the commands about plugins print of each plugin: its origin and its state."""

from __future__ import annotations

from ftspec.diagnostics.model import printable
from ftspec.registry.registry import Plugin


def origin_of(plugin: Plugin) -> str:
    """The distribution and its version."""
    return f"{plugin.distribution} {plugin.version}".strip()


def state_of(plugin: Plugin) -> str:
    """Why the plugin contributes nothing; empty for an active plugin."""
    if plugin.problem is not None:
        return f"broken: {printable(plugin.problem.headline)}"
    return f"disabled by {plugin.disabled_by}" if plugin.disabled_by else ""
