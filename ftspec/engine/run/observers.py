"""Plugins that observe runs. Their mistakes are warnings."""

from __future__ import annotations

from typing import Any

from ftspec.engine.progress.run_log import RunLog
from ftspec.planning.plan import Plan
from ftspec.registry.isolation import Isolation, describe_error
from ftspec.registry.registry import Registry
from ftspec.rundir import RunDirectory


class Observers:
    """The plugins of a registry, called with the plan and the directory of a run. Without a
    registry there are none: of several processes only the first calls them."""

    def __init__(
        self, plan: Plan, run_dir: RunDirectory, registry: Registry | None, log: RunLog
    ) -> None:
        self._arguments = {"plan": plan, "run_dir": run_dir}
        self._plugins = registry.plugins if registry is not None else ()
        self._log = log

    def call(self, hook: str, **more: Any) -> None:
        """Call a hook of every plugin that has it."""
        for plugin in self._plugins:
            if hook not in plugin.hooks:
                continue
            with Isolation(plugin, f'ran "{hook}"') as ran:
                plugin.call(hook, **self._arguments, **more)
            if ran.output:
                self._log.note(ran.output.rstrip("\n"))
            if ran.error is not None:
                said = describe_error(ran.error, plugin)
                self._log.warn(f'the plugin {plugin} raised in "{hook}": {said}')
