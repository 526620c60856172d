"""Every plugin that is installed, none of it imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftspec.hookspecs import PROJECT
from ftspec.registry.entry_points import OnFault, entry_points
from ftspec.registry.registry import Plugin

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


def find_plugins(on_fault: OnFault | None = None) -> list[tuple[Plugin, EntryPoint]]:
    """Plugins by name, each with its entry point.

    ``on_fault`` is told of each metadata folder that cannot be read.
    """
    found = []
    for entry_point in entry_points(PROJECT, on_fault):
        distribution, version = _origin(entry_point)
        plugin = Plugin(
            name=entry_point.name,
            distribution=distribution,
            version=version,
            # the property of that name raises where the value is no module
            module=entry_point.value.partition(":")[0].strip(),
        )
        found.append((plugin, entry_point))
    return sorted(found, key=lambda pair: (pair[0].name, pair[1].value))


def _origin(entry_point: EntryPoint) -> tuple[str, str]:
    """The name and version of the distribution, empty where its metadata cannot be read."""
    try:
        distribution = entry_point.dist
        return (distribution.name, distribution.version) if distribution is not None else ("", "")
    except Exception:  # a half-removed package has no METADATA, each Python raises another error
        return "", ""
