"""Help for a type that no installed plugin has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ftspec.diagnostics.suggest import nearest, one_of
from ftspec.registry.known_distributions import KNOWN_DISTRIBUTIONS
from ftspec.registry.registry import Plugin, Registry


def missing_type_helps(kind: str, name: str, registry: Registry) -> tuple[str, ...]:
    """The help lines for a component that is not installed: the package that has it, the most
    similar name, and broken or disabled plugins that may have it."""
    installed = registry.names(kind)
    packages = {
        known: distribution
        for distribution, components in KNOWN_DISTRIBUTIONS.items()
        for of_kind, known in components
        if of_kind == kind and known not in installed
    }
    if name in packages:
        return (_how_to_get(packages[name], registry),)
    near = nearest(name, (*packages, *installed))
    if near is not None:
        helps = [f'did you mean "{near}"?']
        helps += [_how_to_get(packages[near], registry)] if near in packages else []
    elif installed:
        helps = [one_of(installed)]
    else:
        helps = [f'for "{one}", {_how_to_get(packages[one], registry)}' for one in packages]
    return (*helps, *_unusable(registry.plugins))


def _how_to_get(distribution: str, registry: Registry) -> str:
    plugins = [one for one in registry.plugins if _has_name(one, distribution)]
    if not plugins:
        return f"install the package that has it: pip install {distribution}"
    unusable = tuple(_unusable(plugins))
    # a working plugin that lacks the component is an old version
    return unusable[0] if unusable else f"upgrade it: pip install -U {distribution}"


def _has_name(plugin: Plugin, distribution: str) -> bool:
    return plugin.distribution.lower().replace("_", "-") == distribution


def _unusable(plugins: Iterable[Plugin]) -> Iterator[str]:
    for plugin in plugins:
        if plugin.disabled_by:
            yield f"the plugin {plugin} may have it, and is disabled by {plugin.disabled_by}"
        elif plugin.problem is not None:
            yield f"a broken plugin may have it: {plugin.problem.headline}"
