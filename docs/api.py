"""Writes the reference of ``ftspec.api``: python docs/api.py > docs/api.md"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from ftspec import api

HEAD = """\
# The plugin API

<!-- made by "python docs/api.py > docs/api.md"; do not edit -->

Everything that a plugin imports from `ftspec.api`. [plugins.md](plugins.md) shows how to use it,
[hooks.md](hooks.md) has the hooks."""


# names for types that have no docstring of their own
ALIASES = {
    "FieldType": "What a field of a task takes: `text` must be a string; `label` may be a "
    "string or a number; `any` is any value that the data has, such as a list.",
    "Prediction": "The name of a kind of prediction: `class`, `class-set`, `value`, `text`, "
    "`loss`, or a plugin's own kind.",
    "SpecPath": "The place of a value in a spec: keys, and numbers in lists, as in "
    '`("callbacks", 0, "patience")`.',
}


def page() -> str:
    """The whole page."""
    names = sorted(set(api.__all__) - {"Field"}, key=str.lower)
    return "\n\n".join([HEAD, *(part for name in names for part in _entry(name))]) + "\n"


def _entry(name: str) -> Iterator[str]:
    value = getattr(api, name)
    yield f"## `{name}`"
    if name in ALIASES:
        yield ALIASES[name]
    elif inspect.isclass(value):
        yield from _class(value)
    elif inspect.isfunction(value):
        yield f"```python\n{_signature(name, value)}\n```"
        yield _prose(value)
    else:
        yield f"`{value!r}`" if isinstance(value, (str, tuple, int)) else _about(value)


def _class(value: type) -> Iterator[str]:
    yield _prose(value)
    fields = _fields(value)
    if fields:
        lines = [f"{name}: {annotation}" for name, annotation in fields]
        yield "```python\n" + "\n".join(lines) + "\n```"
    for name, member in vars(value).items():
        if name.startswith("_") or not inspect.isfunction(inspect.unwrap(_function(member))):
            continue
        yield f"### `{value.__name__}.{name}`"
        yield f"```python\n{_signature(name, _function(member))}\n```"
        yield _prose(_function(member))


def _fields(value: type) -> list[tuple[str, str]]:
    if dataclasses.is_dataclass(value):
        return [
            (field.name, f"{field.type}{_default(field)}") for field in dataclasses.fields(value)
        ]
    if issubclass(value, BaseModel):
        return [(name, str(value.__annotations__.get(name, ""))) for name in value.model_fields]
    own = inspect.get_annotations(value)
    # a named tuple has forward references where other classes have strings
    written = {name: getattr(kind, "__forward_arg__", kind) for name, kind in own.items()}
    # a named tuple keeps its defaults in another place
    values = getattr(value, "_field_defaults", vars(value))
    defaults = {name: _written(values[name]) for name in written if name in values}
    return [(n, f"{kind}{defaults.get(n, '')}") for n, kind in written.items() if n[0] != "_"]


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        return _written(field.default)
    if field.default_factory is not dataclasses.MISSING:
        return _written(field.default_factory())
    return ""


def _written(default: Any) -> str:
    """A default as it is written in code."""
    return f" = {default!r}".replace("'", '"')


def _function(member: Any) -> Any:
    if isinstance(member, property):
        return member.fget
    return getattr(member, "__func__", member)


def _signature(name: str, function: Any) -> str:
    return f"{name}{inspect.signature(function)}".replace("'", "")


def _prose(value: Any) -> str:
    """A docstring as Markdown."""
    text = re.sub(r":\w+:`", "`", inspect.getdoc(value) or "")
    return text.replace("``", "`").replace("Attributes:\n", "Attributes:\n\n")


def _about(value: Any) -> str:
    return f"An instance of `{type(value).__module__}.{type(value).__name__}`."


if __name__ == "__main__":
    print(page(), end="")
