"""The node tree: the values of a document with their spans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ftspec.document.paths import SpecPath
from ftspec.document.scalars import ScalarValue
from ftspec.span import Span


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One value.

    ``written`` is the original text of a value that reads environment variables, and ``secrets``
    are the values of these variables with their references. A value with secrets is shown as it
    was written. ``below`` is the value that this one overrides.
    """

    value: ScalarValue
    span: Span
    written: str | None = None
    secrets: tuple[tuple[str, str], ...] = ()
    below: Node | None = field(default=None, compare=False, repr=False)

    @property
    def is_secret(self) -> bool:
        """Whether the value must not reach an artifact, a log or a message."""
        return bool(self.secrets)

    @property
    def reads_environment(self) -> bool:
        """Whether the text has a reference to the environment, even if a default was used."""
        return self.written is not None


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list of values. ``below`` is the value that it overrides."""

    items: tuple[Node, ...]
    span: Span
    below: Node | None = field(default=None, compare=False, repr=False)


class Entry(NamedTuple):
    """A key of a mapping and its value."""

    key: str
    key_span: Span
    value: Node


@dataclass(frozen=True, slots=True)
class MappingNode:
    """A mapping with unique string keys, in the order they were written."""

    entries: tuple[Entry, ...]
    span: Span

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def get(self, key: str) -> Entry | None:
        """The entry of ``key``."""
        return next((entry for entry in self.entries if entry.key == key), None)

    def without(self, *keys: str) -> MappingNode:
        """The same mapping without some keys."""
        kept = tuple(entry for entry in self.entries if entry.key not in keys)
        return MappingNode(kept, self.span)

    def with_entry(self, new: Entry) -> MappingNode:
        """The same mapping with one entry added, or replaced if its key exists."""
        if self.get(new.key) is None:
            return MappingNode((*self.entries, new), self.span)
        entries = tuple(new if entry.key == new.key else entry for entry in self.entries)
        return MappingNode(entries, self.span)


Node = ScalarNode | ListNode | MappingNode

_LONGEST_SHOWN = 80  # characters of a string that a message repeats


def to_plain(node: Node, *, masked: bool = False) -> Any:
    """The plain Python data of a tree. With ``masked``, secrets appear as they were written."""
    if isinstance(node, ScalarNode):
        return node.written if masked and node.is_secret else node.value
    if isinstance(node, ListNode):
        return [to_plain(item, masked=masked) for item in node.items]
    return {entry.key: to_plain(entry.value, masked=masked) for entry in node}


def scalars_of(node: Node) -> Iterator[ScalarNode]:
    """Every scalar of a tree, in order."""
    for _, scalar in placed_scalars(node):
        yield scalar


def placed_scalars(node: Node, path: SpecPath = ()) -> Iterator[tuple[SpecPath, ScalarNode]]:
    """Every scalar of a tree with its path, which starts with ``path``."""
    if isinstance(node, ScalarNode):
        yield path, node
    elif isinstance(node, ListNode):
        for index, item in enumerate(node.items):
            yield from placed_scalars(item, (*path, index))
    else:
        for entry in node:
            yield from placed_scalars(entry.value, (*path, entry.key))


def size_of(node: Node) -> int:
    """The number of values in a tree, including itself."""
    if isinstance(node, ScalarNode):
        return 1
    children = node.items if isinstance(node, ListNode) else [entry.value for entry in node]
    return 1 + sum(map(size_of, children))


def describe(node: Node) -> str:
    """A value in words, for a message: ``a list``, ``the string "x"``."""
    if isinstance(node, ListNode):
        return "a list"
    if isinstance(node, MappingNode):
        return "a mapping"
    if node.is_secret:
        return f"the string {shortened(str(node.written))}"
    return describe_value(node.value)


def describe_value(value: ScalarValue) -> str:
    """A scalar in words, for a message."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    return f"the string {shortened(value)}"


def shortened(text: str) -> str:
    """A string in quotes, shortened for a message."""
    shown = text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
    return f'"{shown}"'
