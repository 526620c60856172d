"""Help for a type that no installed plugin has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ftspec.diagnostics.suggest import nearest, one_of
from ftspec.planning.peer_types import NAMES, SEVERAL, WITH_KEYS, word_of_peers
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
        return (how_to_get(packages[name], registry),)
    meant = _meant(kind, name, (*packages, *installed))
    if meant:
        helps = [_advice(kind, name, meant)]
        helps += [how_to_get(packages[one], registry) for one in meant if one in packages]
    elif installed:
        helps = [one_of(installed)]
    else:
        helps = [f'for "{one}", {how_to_get(packages[one], registry)}' for one in packages]
    return (*helps, *_unusable(registry.plugins))


def _meant(kind: str, name: str, known: Sequence[str]) -> tuple[str, ...]:
    """The components that a name stands for in another tool, or the one it is a slip of."""
    word = word_of_peers(kind, name)
    if word in SEVERAL:
        return SEVERAL[word]
    near = NAMES[word] if word in NAMES else nearest(name, known)
    return (near,) if near is not None and near in known else ()


def _advice(kind: str, name: str, meant: Sequence[str]) -> str:
    written = WITH_KEYS.get(word_of_peers(kind, name))
    if written is not None:
        return f'write "{written}"'
    names = " or ".join(f'"{one}"' for one in meant)
    return f"did you mean {names}?"


def how_to_get(distribution: str, registry: Registry) -> str:
    """The help line that says how to get the components of a package."""
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
