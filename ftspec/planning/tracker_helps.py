"""Help for the settings of services that a run could report to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ftspec.components import CALLBACK
from ftspec.planning.missing_type import how_to_get
from ftspec.registry.known_distributions import KNOWN_DISTRIBUTIONS
from ftspec.registry.registry import Registry
from ftspec.spec.trackers import tracker_named

_ALWAYS = "remove it; TensorBoard is always on"


def tracker_helps(names: Sequence[str], registry: Registry) -> tuple[str, ...]:
    """What to write instead of a report to the services with these names: the callback with the
    name of the service, and the package that has it. Without such a callback, only that the
    setting has no place."""
    found = tuple(line for name in names for line in _callback_for(name, registry))
    if found:
        return found
    trackers = [tracker for tracker in map(tracker_named, names) if tracker is not None]
    if not trackers:
        return (_ALWAYS,)
    return (f"{_ALWAYS}, and no known callback reports to {' or '.join(trackers)}",)


def _callback_for(name: str, registry: Registry) -> Iterator[str]:
    tracker = tracker_named(name) or name
    for written in dict.fromkeys((tracker, tracker.replace("_", "-"), tracker.partition("_")[0])):
        registered = registry.get(CALLBACK, written)
        if registered is not None:
            package = registered.plugin.distribution or registered.plugin.name
            has = "" if registered.plugin.is_builtin else f", which the package {package} has"
            yield f'remove it, and write "callbacks: [{registered.component.name}]"{has}'
            return
        for distribution, components in KNOWN_DISTRIBUTIONS.items():
            if (CALLBACK.name, written) in components:
                yield f'remove it, and write "callbacks: [{written}]"'
                yield how_to_get(distribution, registry)
                return
