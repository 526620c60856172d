"""Every installed plugin, without importing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftspec.hookspecs import PROJECT
from ftspec.registry.entry_points import OnFault, entry_points
from ftspec.registry.registry import Plugin

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


def find_plugins(on_fault: OnFault | None = None) -> list[tuple[Plugin, EntryPoint]]:
    """Plugins by name, each with its entry point.

    Calls ``on_fault`` for each metadata folder that cannot be read.
    """
    found = []
    for entry_point in entry_points(PROJECT, on_fault):
        distribution, version = _origin(entry_point)
        plugin = Plugin(
            name=entry_point.name,
            distribution=distribution,
            version=version,
            # the property "module" raises if the value is not a module
            module=entry_point.value.partition(":")[0].strip(),
        )
        found.append((plugin, entry_point))
    return sorted(found, key=lambda pair: (pair[0].name, pair[1].value))


def _origin(entry_point: EntryPoint) -> tuple[str, str]:
    """The name and version of the distribution; empty if its metadata cannot be read."""
    try:
        distribution = entry_point.dist
        return (distribution.name, distribution.version) if distribution is not None else ("", "")
    except (
        Exception
    ):  # a half-removed package has no METADATA; the error depends on the Python version
        return "", ""
