"""The paths in a spec that must exist, as the configs of components mark them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from ftspec.document.paths import SpecPath
from ftspec.planning.plan import PlannedComponent
from ftspec.spec.base import ComponentSection, LocalPath, local_path_mark


def local_paths(planned: PlannedComponent) -> Iterator[tuple[SpecPath, str]]:
    """The paths of a component and the components inside it, with their places in the spec."""
    yield from local_paths_in(planned.config, planned.at)
    for child in planned.children.values():
        yield from local_paths(child)


def local_paths_in(
    value: Any, at: SpecPath, mark: LocalPath | None = None
) -> Iterator[tuple[SpecPath, str]]:
    """The paths of a section at ``at``."""
    if isinstance(value, str):
        if mark is not None and mark.must_exist and mark.applies_to(value):
            yield at, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from local_paths_in(item, (*at, key), mark)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from local_paths_in(item, (*at, index), mark)
    elif isinstance(value, BaseModel) and not isinstance(value, ComponentSection):
        for name, field in type(value).model_fields.items():
            mark = local_path_mark(field)
            yield from local_paths_in(getattr(value, name), (*at, field.alias or name), mark)
