"""Faults in the hooks of a plugin, in words for its author."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pluggy

from ftspec import __version__
from ftspec.diagnostics.suggest import nearest
from ftspec.hookspecs import PROJECT, Hooks
from ftspec.registry.isolation import describe_error
from ftspec.registry.registry import Plugin

_PREFIX = f"{PROJECT}_"

HOOKS = tuple(name for name in vars(Hooks) if name.startswith(_PREFIX))
"""The names of all hooks."""

_PROJECT_NAME = re.compile(rf"{PROJECT}(?![\w.-])", re.IGNORECASE)


def hook_fault(
    manager: pluggy.PluginManager, module: Any, error: BaseException | None, plugin: Plugin
) -> tuple[str, ...] | None:
    """The fault of a registered plugin, with help lines; ``None`` if there is none.

    ``error`` is the exception from registering.
    """
    if error is not None:
        surplus = None
        if isinstance(error, pluggy.PluginValidationError):
            surplus = _surplus_argument(module)
        return (surplus or f"cannot be registered: {describe_error(error, plugin)}",)
    for caller in manager.get_hookcallers(module) or ():
        implementation = caller.get_hookimpls()[0]
        if not caller.has_spec() and not implementation.optionalhook:
            stems = {name.removeprefix(_PREFIX): name for name in HOOKS}
            near = nearest(caller.name.removeprefix(_PREFIX), stems)
            helps = (f'did you mean "{stems[near]}"?',) if near else (asked_version(plugin),)
            return (f'implements "{caller.name}", which is not a hook', *helps)
        if implementation.hookwrapper or implementation.wrapper:
            return (f'is a wrapper of "{caller.name}", which is not supported',)
    marked = {caller.name for caller in manager.get_hookcallers(module) or ()}
    for name in HOOKS:
        if name not in marked and callable(getattr(module, name, None)):
            return (f'defines "{name}" without @hookimpl',)
    return None


def asked_version(plugin: Plugin) -> str:
    """The version of ftspec that the plugin needs, and the installed version."""
    from importlib.metadata import (
        PackageNotFoundError,
        requires,
    )  # imported only for broken plugins

    here = f"ftspec {__version__} is installed"
    try:
        asked = [one for one in requires(plugin.distribution) or () if _PROJECT_NAME.match(one)]
    except (PackageNotFoundError, ValueError):
        asked = []
    return f'it needs "{asked[0]}", and {here}' if asked else f"it may need another version: {here}"


def _surplus_argument(module: Any) -> str | None:
    for name in HOOKS:
        implementation = getattr(module, name, None)
        if not callable(implementation):
            continue
        known = inspect.signature(getattr(Hooks, name)).parameters
        for argument in inspect.signature(implementation).parameters:
            if argument not in known:
                given = ", ".join(f'"{one}"' for one in known if one != "self") or "nothing"
                return f'takes "{argument}" in "{name}", which gets {given}'
    return None
