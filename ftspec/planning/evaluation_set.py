"""A named set of further rows to evaluate on, as a plan has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ftspec.components import SourceComponent, TransformComponent
from ftspec.document.paths import SpecPath
from ftspec.planning.planned_component import PlannedComponent

AT: SpecPath = ("data", "evaluation")
_TEMPLATE: SpecPath = ("preprocess", "template")
_TRANSFORMS: SpecPath = ("preprocess", "transforms")
_SPLITS: SpecPath = ("data", "splits")
_SOURCE: SpecPath = ("data", "source")


@dataclass(frozen=True, kw_only=True)
class PlannedSet:
    """A set of ``data.evaluation``. What is ``None`` is that of the spec.

    Attributes:
        slice: rows of the source; ``None`` for all rows of a source that has one split.
        by: columns whose values are measured apart.
        during_training: whether it is evaluated whenever the run evaluates.
    """

    name: str
    slice: str | None
    source: PlannedComponent[SourceComponent] | None
    transforms: tuple[PlannedComponent[TransformComponent], ...] | None
    template: Mapping[str, str] | None
    by: tuple[str, ...]
    during_training: bool

    @property
    def at(self) -> SpecPath:
        """Its path in the spec."""
        return (*AT, self.name)

    @property
    def has_own_data(self) -> bool:
        """Whether it brings more than a slice."""
        return any(one is not None for one in (self.source, self.transforms, self.template))

    @property
    def components(self) -> tuple[PlannedComponent, ...]:
        """The sections that it brings."""
        return (*filter(None, [self.source]), *(self.transforms or ()))

    def place_of(self, path: SpecPath) -> SpecPath:
        """Where the set says what a spec says at ``path`` of the rows of its splits. What it leaves
        out fails because of the source that it names."""
        if path[:2] == _TEMPLATE:
            own = self.template is not None
            return (*self.at, "template", *path[2:]) if own else self._source_at
        if path[:2] == _TRANSFORMS:
            return self._source_at
        if path[:2] == _SPLITS:
            return (*self.at, *path[3:])
        if path[:2] == _SOURCE:
            return (*self._source_at, *path[2:])
        return path

    @property
    def _source_at(self) -> SpecPath:
        return (*self.at, "source") if self.source is not None else self.at

    def to_spec(self) -> dict[str, Any]:
        """The set as written in a spec."""
        section: dict[str, Any] = {}
        if self.slice is not None:
            section["slice"] = self.slice
        if self.source is not None:
            section["source"] = self.source.to_spec()
        if self.transforms is not None:
            section["transforms"] = [one.to_spec() for one in self.transforms]
        if self.template is not None:
            section["template"] = dict(self.template)
        return section | {"by": list(self.by), "during_training": self.during_training}


def bare_metric(name: str) -> str:
    """A metric as the Trainer knows it, without the names that mean validation."""
    return name.removeprefix("eval_").removeprefix("validation/")
