"""Discovery: built-ins first, then entry points by name."""

from __future__ import annotations

from ftspec.registry.builder import Builder
from ftspec.registry.disabled import Disabled, read_disabled
from ftspec.registry.registry import Registry

BUILTIN_PLUGINS = ("ftspec.builtin.plugin",)


def build_registry(*, with_entry_points: bool = True, disabled: Disabled | None = None) -> Registry:
    """Load every plugin and collect the components. Faults of plugins never raise.

    ``disabled`` plugins are not imported; by default the environment lists them. Without entry
    points, the registry has only the built-ins.
    """
    builder = Builder()
    for module in BUILTIN_PLUGINS:
        builder.add_builtin(module)
    if with_entry_points:
        builder.add_entry_points(read_disabled() if disabled is None else disabled)
    return builder.build()
