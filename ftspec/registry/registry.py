"""The registry: a frozen map from (kind, name) to the component and the plugin it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic

from ftspec.components import ComponentT, ConfigT, Kind
from ftspec.diagnostics.model import Diagnostic


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """A module that contributes components and hooks.

    ``distribution`` and ``version`` are empty if their metadata cannot be read, and for the
    built-ins if ftspec runs from a checkout that is not installed.

    Attributes:
        module: the module that the entry point names.
        disabled_by: what disabled the plugin, such as ``--no-plugins``; it was not imported.
        problem: why the plugin is not used.
        hooks: the hooks that it implements.
        call: calls one hook of this plugin; the list of results, without ``None``.
    """

    name: str
    distribution: str = ""
    version: str = ""
    module: str = ""
    is_builtin: bool = False
    disabled_by: str = ""
    problem: Diagnostic | None = None
    hooks: tuple[str, ...] = ()
    call: Callable[..., list[Any]] = field(default=lambda hook, **arguments: [], repr=False)

    def __str__(self) -> str:
        origin = " ".join(part for part in (self.distribution, self.version) if part)
        return f'"{self.name}"' + (f" ({origin})" if origin else "")

    def owns(self, module: str) -> bool:
        """Whether a module belongs to the package of the plugin's module."""
        package = self.module.rpartition(".")[0] or self.module
        return f"{module}.".startswith(f"{package}.")


@dataclass(frozen=True, slots=True)
class Registered(Generic[ComponentT]):
    """A component and its plugin."""

    component: ComponentT
    plugin: Plugin


@dataclass(frozen=True)
class Registry:
    """Every installed component, and every plugin, including broken and disabled ones."""

    components: Mapping[tuple[str, str], Registered]
    plugins: tuple[Plugin, ...]
    problems: tuple[Diagnostic, ...] = ()

    def __iter__(self) -> Iterator[Registered]:
        return iter(self.components.values())

    def of_kind(self, kind: Kind[ComponentT, ConfigT]) -> Iterator[Registered[ComponentT]]:
        """Every component of a kind."""
        for registered in self:
            if isinstance(registered.component, kind.record):
                yield Registered(registered.component, registered.plugin)

    def get(self, kind: Kind[ComponentT, ConfigT], name: str) -> Registered[ComponentT] | None:
        """The component with this kind and name, or former name."""
        by_former_name = None
        for registered in self.of_kind(kind):
            if registered.component.name == name:
                return registered
            if by_former_name is None and name in registered.component.aliases:
                by_former_name = registered
        return by_former_name

    def names(self, kind: str) -> tuple[str, ...]:
        """The names of all components of a kind, sorted."""
        return tuple(sorted(name for known, name in self.components if known == kind))

    def problems_of(self, plugin: Plugin) -> tuple[Diagnostic, ...]:
        """The problems of one plugin. Their headlines start with its name."""
        start = f"the plugin {plugin} "
        return tuple(problem for problem in self.problems if problem.headline.startswith(start))
