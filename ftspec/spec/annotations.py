"""The types of the keys of the language, along a path in the spec."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ftspec.document.paths import SpecPath
from ftspec.spec.base import ComponentSection


def field_of(model: type[BaseModel] | None, key: str | int) -> FieldInfo | None:
    """The field of a key in a section, if there is one."""
    for name, field in (model.model_fields if model is not None else {}).items():
        if key in (name, field.alias):
            return field
    return None


def model_at(model: type[BaseModel] | None, path: SpecPath) -> type[BaseModel] | None:
    """The model of the section at ``path`` below ``model``."""
    annotation: Any = model
    for step in path:
        annotation = step_into(annotation, step)
    return as_model(annotation)


def step_into(annotation: Any, step: str | int) -> Any:
    """The type of one key or item of a value of type ``annotation``; ``None`` if unknown."""
    model = as_model(annotation)
    if model is not None and isinstance(step, str):
        field = field_of(model, step)
        return field.annotation if field is not None else None
    for branch in _branches(annotation):
        arguments = typing.get_args(branch)
        origin = typing.get_origin(branch)
        if origin in (list, tuple) and isinstance(step, int) and arguments:
            return arguments[0]
        if origin in (dict, Mapping) and len(arguments) == 2:
            return arguments[1]
    return None


def as_model(annotation: Any) -> type[BaseModel] | None:
    """The model among the branches of a type. A component section does not count: its keys belong
    to another model."""
    for branch in _branches(annotation):
        if isinstance(branch, type) and issubclass(branch, BaseModel):
            return None if issubclass(branch, ComponentSection) else branch
    return None


def as_section(annotation: Any) -> type[ComponentSection] | None:
    """The component section among the branches of a type."""
    for branch in _branches(annotation):
        if isinstance(branch, type) and issubclass(branch, ComponentSection):
            return branch
    return None


def _branches(annotation: Any) -> tuple[Any, ...]:
    if typing.get_origin(annotation) is typing.Annotated:
        return _branches(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return tuple(branch for part in typing.get_args(annotation) for branch in _branches(part))
    return (annotation,)
