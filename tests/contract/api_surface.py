"""Writes the names and signatures of ``ftspec.api``, without docstrings:

python -m tests.contract.api_surface > tests/contract/api_surface.txt
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from enum import Enum
from typing import Any

from pydantic import BaseModel

from ftspec import api


def surface() -> str:
    """A line for each name, and for each part of a class."""
    lines = [line for name in sorted(api.__all__) for line in _lines(name, getattr(api, name))]
    return "\n".join(lines) + "\n"


def _lines(name: str, value: Any) -> Iterator[str]:
    if not inspect.isclass(value):
        is_ours = inspect.isfunction(value) and value.__module__.startswith("ftspec")
        yield f"{name}{_signature(value)}" if is_ours else f"{name} {_shown(value)}"
        return
    if value.__name__ != name:
        yield f"{name} = {value.__name__}"
        return
    bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
    yield f"class {name}({bases})"
    for field, annotation in _fields(value):
        yield f"  {field}: {annotation}"
    # methods of pydantic are its own affair, those of ftspec's bases are ours
    owners = [base for base in value.__mro__ if base.__module__.startswith("ftspec")]
    members = {key: member for base in reversed(owners) for key, member in vars(base).items()}
    for key, member in sorted(members.items()):
        function = member.fget if isinstance(member, property) else member
        function = getattr(function, "__func__", function)
        is_public = not key.startswith("_") or (key == "__init__" and not _is_made(value))
        if is_public and inspect.isfunction(function):
            mark = "property " * isinstance(member, property)
            mark += "abstract " * getattr(function, "__isabstractmethod__", False)
            yield f"  {mark}{key}{_signature(function)}"


def _fields(value: type) -> Iterator[tuple[str, str]]:
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            has_default = field.default is not field.default_factory
            yield field.name, f"{field.type}{' = …' if has_default else ''}"
    elif issubclass(value, BaseModel):
        for name, info in value.model_fields.items():
            annotation = inspect.formatannotation(info.annotation)
            yield name, f"{annotation}{'' if info.is_required() else ' = …'}"
    elif issubclass(value, Enum):
        yield from ((member.name, repr(member.value)) for member in value)
    else:
        for name, annotation in inspect.get_annotations(value).items():
            if not name.startswith("_"):
                yield name, str(getattr(annotation, "__forward_arg__", annotation))


def _is_made(value: type) -> bool:
    """Whether how it is constructed follows from its fields, or nobody constructs it."""
    return dataclasses.is_dataclass(value) or bool(getattr(value, "_is_protocol", False))


def _signature(function: Any) -> str:
    return str(inspect.signature(function)).replace("'", "")


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, tuple) else inspect.formatannotation(type(value))


if __name__ == "__main__":
    print(surface(), end="")
