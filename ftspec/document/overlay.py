"""Overlays, in the order base < spec < profile < ``--set``. Every value keeps its own span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import overload

from ftspec.diagnostics.model import Collector
from ftspec.document.nodes import Entry, ListNode, MappingNode, Node, ScalarNode, describe
from ftspec.document.parse import parse_node
from ftspec.document.paths import SpecPath, format_path, parse_path
from ftspec.span import Position, SourceText, Span

_SPLITS: SpecPath = ("data", "splits")


@overload
def merge(base: Node, over: MappingNode, at: SpecPath = ()) -> MappingNode: ...
@overload
def merge(base: Node, over: Node, at: SpecPath = ()) -> Node: ...
def merge(base: Node, over: Node, at: SpecPath = ()) -> Node:
    """``over`` merged into ``base``: mappings merge deeply, scalars and lists replace.

    Two component sections of different ``type`` do not merge, because their keys differ: the upper
    one replaces the lower one. Options over a bare type keep the type.
    """
    # merging the profiles of a base and a spec: use the path inside the spec
    place = at[2:] if at[:1] == ("profiles",) else at
    if isinstance(over, MappingNode) and over.get("type") is None and place[:2] != _SPLITS:
        base = _expand_shorthand(base, place)
    if not isinstance(over, MappingNode):
        return replace(over, below=base)
    if not isinstance(base, MappingNode) or _types_differ(base, over):
        return over
    entries = {entry.key: entry for entry in base}
    for entry in over:
        below = entries.get(entry.key)
        value = entry.value
        if below is not None:
            value = merge(below.value, entry.value, (*at, entry.key))
        entries[entry.key] = Entry(entry.key, entry.key_span, value)
    return MappingNode(tuple(entries.values()), over.span)


def _expand_shorthand(node: Node, at: SpecPath) -> Node:
    """A bare string as the mapping that it stands for, so that keys can be merged into it."""
    if not at or not isinstance(node, ScalarNode) or not isinstance(node.value, str):
        return node
    key = "slice" if at[:2] == _SPLITS else "type"
    return MappingNode((Entry(key, node.span, node),), node.span)


def _types_differ(base: MappingNode, over: MappingNode) -> bool:
    types = [
        entry.value.value if isinstance(entry.value, ScalarNode) else None
        for entry in (base.get("type"), over.get("type"))
        if entry is not None
    ]
    return len(types) == 2 and types[0] != types[1]


def apply_overrides(root: MappingNode, written: Sequence[str], found: Collector) -> MappingNode:
    """The document with each ``path=value`` of ``--set`` applied. Values are read as YAML."""
    for text in written:
        root = _apply_override(root, SourceText(f"--set {text}", text), found)
    return root


def _apply_override(root: MappingNode, source: SourceText, found: Collector) -> MappingNode:
    written, equals, value_text = source.text.partition("=")
    path = parse_path(written)
    whole = Span(source, Position(0, 0), Position(0, len(written)))
    if not equals or path is None:
        found.error(
            "bad-override",
            f'"{source.text}" does not have the form path=value',
            whole,
            'write, for example, "training.max_steps=10" or "callbacks[0].patience=3"',
        )
        return root
    offset = len(written) + 1
    value = parse_node(source, found, text=" " * offset + value_text)
    if value is None:
        end = Position(0, len(source.text))
        value = ScalarNode(None, Span(source, Position(0, offset), end))
    placed = _place(root, path, value, whole, found, at=())
    return placed if isinstance(placed, MappingNode) else root


def _place(
    node: Node | None, path: SpecPath, value: Node, span: Span, found: Collector, *, at: SpecPath
) -> Node:
    if not path:
        return merge(node, value, at) if node is not None else value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        if not isinstance(node, ListNode) or step >= len(node.items):
            size = f"has {len(node.items)} items" if isinstance(node, ListNode) else "is not a list"
            found.error(
                "bad-override", f'there is no item [{step}]: "{format_path(at)}" {size}', span
            )
            return node if node is not None else value
        item = _place(node.items[step], rest, value, span, found, at=(*at, step))
        return ListNode((*node.items[:step], item, *node.items[step + 1 :]), node.span)
    if node is None or (isinstance(node, ScalarNode) and node.value is None):
        node = MappingNode((), span)
    node = _expand_shorthand(node, at)
    if not isinstance(node, MappingNode):
        is_list = isinstance(node, ListNode)
        helps = (f'write an item as "{format_path(at)}[0]"',) if is_list else ()
        found.error(
            "bad-override",
            f'"{format_path(at)}" is {describe(node)}, which has no keys',
            span,
            *helps,
        )
        return node
    below = node.get(step)
    child = _place(
        below.value if below is not None else None, rest, value, span, found, at=(*at, step)
    )
    # the key of an existing section keeps its place
    key_span = below.key_span if below is not None and rest else span
    return node.with_entry(Entry(step, key_span, child))
