"""Which plugins are left out on request: ``FTSPEC_DISABLE_PLUGINS`` and ``--no-plugins``."""

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
    """The plugins that are left out, by their names or those of their distributions.

    Attributes:
        by: what says so, as a user wrote it.
    """

    names: frozenset[str] = frozenset()
    is_all: bool = False
    by: str = VARIABLE

    def covers(self, plugin: Plugin) -> bool:
        """Whether the plugin is left out."""
        return self.is_all or not self.names.isdisjoint({plugin.name, plugin.distribution})


NO_PLUGINS = Disabled(is_all=True, by="--no-plugins")


def read_disabled(environment: Mapping[str, str] = os.environ) -> Disabled:
    """What the environment disables: a comma list of names, or ``1`` or ``all`` for every one."""
    names = frozenset(name.strip() for name in environment.get(VARIABLE, "").split(","))
    return Disabled(names=names.difference(_NONE), is_all=not names.isdisjoint(_ALL))
