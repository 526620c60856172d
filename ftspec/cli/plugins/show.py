"""``ftspec plugins show``: one plugin, or one component with its keys."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import click

from ftspec.cli.terminal.output import echo_result
from ftspec.cli.terminal.plugin_facts import origin_of, state_of
from ftspec.components import Component, MetricComponent, TaskComponent
from ftspec.diagnostics.render import text
from ftspec.diagnostics.suggest import did_you_mean
from ftspec.errors import UsageError
from ftspec.planning.keys import Key, keys_of
from ftspec.registry.discover import build_registry
from ftspec.registry.isolation import Isolation, describe_error
from ftspec.registry.known_distributions import KNOWN_DISTRIBUTIONS
from ftspec.registry.registry import Plugin, Registered, Registry


@click.command("show")
@click.argument("name")
def show_command(name: str) -> None:
    """Show a plugin, or a component with its keys.

    NAME is a plugin, its distribution, a component such as "deduplicate", or a kind and a component
    such as "transform/deduplicate".
    """
    registry = build_registry()
    plugins = [one for one in registry.plugins if name in (one.name, one.distribution)]
    blocks = [list(_plugin_lines(plugin, registry)) for plugin in plugins]
    kind, _, bare = name.rpartition("/")
    for registered in registry:
        component = registered.component
        if bare in (component.name, *component.aliases) and kind in ("", component.kind):
            blocks.append(list(_component_lines(registered)))
    if not blocks:
        raise UsageError(_unknown(name, registry))
    echo_result("\n\n".join("\n".join(lines) for lines in blocks))


def _unknown(name: str, registry: Registry) -> str:
    bare = name.rpartition("/")[2]
    for distribution, components in KNOWN_DISTRIBUTIONS.items():
        if name == distribution or bare in (known for _, known in components):
            return f'"{name}" is not installed; pip install {distribution}'
    names = [one.name for one in registry.plugins] + [one.component.name for one in registry]
    helps = did_you_mean(bare, names) or ("list them with: ftspec plugins",)
    return f'no plugin and no component "{name}" is installed; {helps[0]}'


def _plugin_lines(plugin: Plugin, registry: Registry) -> Iterator[str]:
    yield f"plugin {plugin.name}"
    state = "broken" if plugin.problem is not None else state_of(plugin)
    yield from _facts(
        ("from", origin_of(plugin)),
        ("module", plugin.module),
        ("state", state or "active"),
        ("hooks", ", ".join(plugin.hooks)),
    )
    members = [one.component for one in registry if one.plugin == plugin]
    width = max((len(f"{one.kind} {one.name}") for one in members), default=0)
    if members:
        yield ""
    for one in members:
        yield f"  {f'{one.kind} {one.name}'.ljust(width)}  {one.summary}"
    for problem in registry.problems_of(plugin):
        yield ""
        yield text.render([problem]).rstrip("\n")


def _component_lines(registered: Registered) -> Iterator[str]:
    component = registered.component
    yield f"{component.kind} {component.name}"
    yield f"  {component.summary}"
    yield from _facts(
        ("plugin", str(registered.plugin)),
        ("factory", component.factory),
        ("former", ", ".join(component.aliases)),
        ("requires", ", ".join(_requirements(component))),
        *_facts_of_kind(component),
    )
    keys: list[Key] = []
    with Isolation(registered.plugin, "described a config") as described:
        keys += keys_of(component.config)
    if described.error is not None:
        reason = describe_error(described.error, registered.plugin)
        yield f"\nits keys cannot be shown: {reason}"
    if isinstance(component, TaskComponent):
        yield "\nfields of its template"
        for field in component.fields:
            yield f"  {field.name}{'' if field.required else ' (optional)'}: {field.summary}"
    if keys:
        yield "\nkeys"
    for key in keys:
        tail = (
            ", required" if key.is_required else f", {key.default} by default" * bool(key.default)
        )
        yield f"  {key.name}: {key.takes}{tail}"
        yield from [f"      {key.description}"] if key.description else []


def _facts_of_kind(component: Component) -> Iterator[tuple[str, str]]:
    if isinstance(component, TaskComponent):
        yield "models", component.auto_model
        names = {name for names in component.default_metrics.values() for name in names}
        yield "metrics", ", ".join(sorted(names))
    if isinstance(component, MetricComponent):
        yield "scores", ", ".join(sorted(component.scores))
        yield "results", ", ".join(component.results)


def _requirements(component: Component) -> Iterator[str]:
    for module in component.requires:
        try:
            is_installed = importlib.util.find_spec(module) is not None
        except ModuleNotFoundError:  # its parent package is not installed either
            is_installed = False
        yield module if is_installed else f"{module} (not installed: {component.install})"


def _facts(*facts: tuple[str, str]) -> Iterator[str]:
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        if value:
            yield f"  {name.ljust(width)}  {value}"
