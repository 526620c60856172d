"""The ways to read a value as a label: as a class of the data, as a name, or as a position."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

from ftspec.labels.counts import kind_of, label_name

Reading = Literal["classes", "names", "positions"]

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_BOOLEANS = frozenset({"true", "false"})
_PLAIN_DIGITS = re.compile(r"0|[1-9][0-9]*")
_MOST_DIGITS = 18


class Names:
    """Values as names: a text is itself. A number is the name that is written as this number, so 1
    is "01" if every name is a number of its own. A boolean is the name "true" or "false", in
    capitals or not."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(names)
        self._numbers = _numbers(names)
        self._booleans = _booleans(names)
        self._only_booleans = {name.casefold() for name in names} <= _BOOLEANS

    def name_of(self, value: Any) -> str | None:
        """The name of a value, if it has one."""
        kind = kind_of(value)
        name = label_name(value)
        if kind == "boolean":
            return self._booleans.get(name)
        if name in self._names:
            return name
        if kind == "text":
            return self._booleans.get(name.casefold()) if self._only_booleans else None
        return self._numbers.get(value) if kind in ("whole number", "float") else None


class Positions:
    """Values as positions in a list of names, from 0. A text of digits counts if ``reads_text``."""

    def __init__(self, names: Sequence[str], *, reads_text: bool = True) -> None:
        self._names = tuple(names)
        self._reads_text = reads_text

    def name_of(self, value: Any) -> str | None:
        """The name of a value, if it has one."""
        kind = kind_of(value)
        if kind == "text" and self._reads_text and len(value) <= _MOST_DIGITS:
            position = int(value) if _PLAIN_DIGITS.fullmatch(value) else -1
        elif kind == "whole number" or (kind == "float" and float(value).is_integer()):
            position = int(value)
        else:
            return None
        return self._names[position] if 0 <= position < len(self._names) else None


class Classes:
    """Values of a ClassLabel feature: whole numbers that stand for its names, or the names."""

    def __init__(self, class_names: Sequence[str], names: Sequence[str]) -> None:
        self._classes = Positions(class_names, reads_text=False)
        self._names = frozenset(names)

    def name_of(self, value: Any) -> str | None:
        """The name of a value, if it has one."""
        name = value if isinstance(value, str) else self._classes.name_of(value)
        return name if name in self._names else None


def looks_like_a_name(value: Any, names: Sequence[str]) -> bool:
    """Whether a name is the same number as a value, which can then hardly be a position."""
    written = label_name(value)
    if not _NUMBER.fullmatch(written):
        return False
    return any(_NUMBER.fullmatch(name) and float(name) == float(written) for name in names)


def _numbers(names: Sequence[str]) -> dict[Any, str]:
    """Each name by its number; empty if a name is no number, or two are the same number."""
    if not all(_NUMBER.fullmatch(name) and len(name) <= _MOST_DIGITS for name in names):
        return {}
    numbers = {float(name) if "." in name else int(name): name for name in names}
    return numbers if len(numbers) == len(names) else {}


def _booleans(names: Sequence[str]) -> dict[str, str]:
    """The names for true and false, where only one name can be meant."""
    found: dict[str, list[str]] = {}
    for name in names:
        if name.casefold() in _BOOLEANS:
            found.setdefault(name.casefold(), []).append(name)
    return {
        key: key if key in written else written[0]
        for key, written in found.items()
        if len(written) == 1 or key in written
    }
