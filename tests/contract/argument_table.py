"""Generates the table of ``TrainingArguments`` fields that lint reads without torch.

Run this after raising the version of transformers in ``constraints.txt``; a test compares the two::

    python -m tests.contract.argument_table > ftspec/spec/training_arguments.json
"""

from __future__ import annotations

import dataclasses
import enum
import json
import re
import types
import typing
from typing import Any

import transformers

_NAMES = {bool: "bool", int: "int", float: "float", str: "str", type(None): "None"}


def describe_arguments() -> dict[str, Any]:
    """The table: for each field its ``type``, ``default`` and, for an enumeration, ``choices``."""
    fields = dataclasses.fields(transformers.TrainingArguments)
    return {
        "transformers": transformers.__version__,
        "fields": {field.name: _describe(field) for field in fields},
    }


def _describe(field: dataclasses.Field[Any]) -> dict[str, Any]:
    alternatives, choices = _alternatives(field.type)
    default = field.default
    if default is dataclasses.MISSING and field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    if isinstance(default, enum.Enum):
        default = default.value
    if default is None and "None" not in alternatives:
        alternatives.append("None")
    described: dict[str, Any] = {"type": " | ".join(alternatives), "default": default}
    return described | ({"choices": choices} if choices else {})


def _alternatives(annotation: Any) -> tuple[list[str], list[str]]:
    """The types a YAML value of this annotation may have, and the choices of its enumeration."""
    if isinstance(annotation, str):  # a stringified annotation: keep the names YAML can hold
        found = re.findall(r"\blist\[str\]|\b(?:bool|int|float|str|dict|None)\b", annotation)
        return list(dict.fromkeys(found)), []
    members = (
        typing.get_args(annotation)
        if typing.get_origin(annotation) in (typing.Union, types.UnionType)
        else (annotation,)
    )
    names: list[str] = []
    choices: list[str] = []
    for member in members:
        origin = typing.get_origin(member)
        if member in _NAMES:
            names.append(_NAMES[member])
        elif member is dict or origin is dict:
            names.append("dict")
        elif origin is list:
            names.append("list[str]")
        elif origin is typing.Literal:
            names += [_NAMES[type(value)] for value in typing.get_args(member)]
        elif isinstance(member, type) and issubclass(member, enum.Enum):
            names.append("str")
            choices += [choice.value for choice in member]
    return list(dict.fromkeys(names)), choices


if __name__ == "__main__":
    print(json.dumps(describe_arguments(), indent=1))
