"""Plugins that are disabled by ``FTSPEC_DISABLE_PLUGINS`` or ``--no-plugins``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ftspec.registry.registry import Plugin

VARIABLE = "FTSPEC_DISABLE_PLUGINS"
_ALL = ("1", "all")
_NONE = ("", "0")


@dataclass(frozen=True, kw_only=True)
class Disabled:
    """The disabled plugins, by their names or the names of their distributions.

    Attributes:
        by: the setting that disables them, as the user writes it.
    """

    names: frozenset[str] = frozenset()
    is_all: bool = False
    by: str = VARIABLE

    def covers(self, plugin: Plugin) -> bool:
        """Whether the plugin is disabled."""
        return self.is_all or not self.names.isdisjoint({plugin.name, plugin.distribution})


NO_PLUGINS = Disabled(is_all=True, by="--no-plugins")


def read_disabled(environment: Mapping[str, str] = os.environ) -> Disabled:
    """The plugins that the environment disables: comma-separated names, or ``1`` or ``all``."""
    names = frozenset(name.strip() for name in environment.get(VARIABLE, "").split(","))
    return Disabled(names=names.difference(_NONE), is_all=not names.isdisjoint(_ALL))
