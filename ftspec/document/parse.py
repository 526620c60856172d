"""YAML text to a node tree: no tags, merge keys or duplicate keys, limited in size and depth."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ftspec.diagnostics.model import Collector, Diagnostic
from ftspec.document.nodes import Entry, ListNode, MappingNode, Node, ScalarNode, describe
from ftspec.document.scalars import resolve_plain
from ftspec.span import LINE_BREAK, Position, SourceText, Span

DEEPEST = 50
MOST_NODES = 10_000

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser is ten times faster
# lists the forbidden characters: a pattern of the allowed ones takes 5 ms to compile
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


class _RefusedError(Exception):
    """Stops composing. The diagnostic is already recorded."""


def parse_node(source: SourceText, found: Collector, *, text: str | None = None) -> Node | None:
    """The tree of ``source``, or ``None`` if it has none. Findings go to ``found``.

    ``text`` replaces the text of a source that is only partly YAML; it must have the same layout.
    """
    if text is not None:
        return _parse(source, text, found)
    node, findings = _parse_once(source.name, source.text, source.path)
    found.extend(findings)
    return node


@lru_cache(maxsize=8)
def _parse_once(
    name: str, text: str, path: Path | None
) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """A parsed text, cached: each profile of a spec parses the same one."""
    found = Collector()
    node = _parse(SourceText(name, text, path), text, found)
    return node, tuple(found)


def _parse(source: SourceText, text: str, found: Collector) -> Node | None:
    forbidden = _FORBIDDEN.search(text)
    if forbidden is not None:
        place = _position_of(text, forbidden.start())
        found.error(
            "yaml-syntax",
            f"the character U+{ord(forbidden.group()):04X} is not allowed in YAML",
            Span(source, place, Position(place.line, place.column + 1)),
        )
        return None
    try:
        return _Composer(source, found).compose(text)
    except _RefusedError:
        return None
    except yaml.MarkedYAMLError as error:
        _report_syntax(error, source, found)
        return None


class _Composer:
    """Builds the tree from parser events, so that it sees tags, aliases and depth before values."""

    def __init__(self, source: SourceText, found: Collector) -> None:
        self._source = source
        self._found = found
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._count = 0
        self._depth = 0

    def compose(self, text: str) -> Node | None:
        loader = _Loader(text)
        try:
            self._next = loader.get_event
            self._next()  # the stream's start
            event = self._next()
            if isinstance(event, yaml.StreamEndEvent):
                return None
            root = self._node(self._next())
            self._next()  # the document's end
            event = self._next()
            if not isinstance(event, yaml.StreamEndEvent):
                self._refuse(
                    "yaml-syntax",
                    "a spec is a single YAML document, and a second one starts here",
                    event,
                )
            return root
        finally:
            loader.dispose()

    def _node(self, event: Any) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        self._count_nodes(1, event)
        before = self._count
        if event.tag is not None and event.tag != "!":
            self._refuse(
                "yaml-tag",
                f'the tag "{_short_tag(event.tag)}" is not part of the spec language',
                event,
                "remove the tag; a value has the type that it looks like, and quotes make a string",
            )
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            plain = not event.style and event.tag is None
            value = resolve_plain(event.value) if plain else event.value
            node = ScalarNode(value, self._span(event))
        else:
            self._depth += 1
            if self._depth > DEEPEST:
                self._refuse_depth(event)
            is_list = isinstance(event, yaml.SequenceStartEvent)
            node = self._list(event) if is_list else self._mapping(event)
            self._depth -= 1
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, self._count - before + 1)
        return node

    def _alias(self, event: Any) -> Node:
        known = self._anchors.get(event.anchor)
        if known is None:
            self._refuse(
                "yaml-syntax",
                f'the alias "*{event.anchor}" has no anchor "&{event.anchor}" before it',
                event,
            )
            raise AssertionError
        node, size = known
        self._count_nodes(size, event)
        if self._depth + _height(node) > DEEPEST:
            self._refuse_depth(event)
        return node

    def _list(self, start: Any) -> ListNode:
        items = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event))
        return ListNode(tuple(items), self._span(start, event))

    def _mapping(self, start: Any) -> MappingNode:
        entries: dict[str, Entry] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._node(event)
            key_span = self._span(event)
            value = self._node(self._next())
            entry = self._entry(key, key_span, value)
            if entry is None:
                continue
            earlier = entries.get(entry.key)
            if earlier is not None:
                self._found.error(
                    "duplicate-key",
                    f'duplicate key "{entry.key}", first on line {earlier.key_span.start.line + 1}',
                    key_span,
                    "remove one of the two",
                )
                continue
            entries[entry.key] = entry
        return MappingNode(tuple(entries.values()), self._span(start, event))

    def _entry(self, key: Node, key_span: Span, value: Node) -> Entry | None:
        if not isinstance(key, ScalarNode) or not isinstance(key.value, str):
            self._found.error(
                "key-not-string",
                f"a key must be a string, found {describe(key)}",
                key_span,
                "put it in quotes",
            )
            return None
        if key.value == "<<":
            self._found.error(
                "yaml-merge-key",
                'the merge key "<<" is not part of YAML 1.2 or of the spec language',
                key_span,
                'share settings between specs with "extends", within one spec with "profiles"',
            )
            return None
        return Entry(key.value, key_span, value)

    def _count_nodes(self, more: int, event: Any) -> None:
        self._count += more
        if self._count > MOST_NODES:
            self._refuse(
                "too-large", f"more than {MOST_NODES} values after expanding aliases", event
            )

    def _refuse_depth(self, event: Any) -> None:
        self._refuse(
            "too-deep", f"more than {DEEPEST} levels of nesting after expanding aliases", event
        )

    def _span(self, first: Any, last: Any = None) -> Span:
        start, end = first.start_mark, (last or first).end_mark
        return Span(
            self._source, Position(start.line, start.column), Position(end.line, end.column)
        )

    def _refuse(self, slug: str, headline: str, event: Any, *helps: str) -> None:
        self._found.error(slug, headline, self._span(event), *helps)
        raise _RefusedError


def _height(node: Node) -> int:
    """The levels of nesting in ``node``, including itself."""
    if isinstance(node, ScalarNode):
        return 0
    children = node.items if isinstance(node, ListNode) else [entry.value for entry in node]
    return 1 + max(map(_height, children), default=0)


def _report_syntax(error: yaml.MarkedYAMLError, source: SourceText, found: Collector) -> None:
    mark = error.problem_mark or error.context_mark
    place = Position(mark.line, mark.column) if mark is not None else Position(0, 0)
    end = Position(place.line, place.column + 1)
    problem = (error.problem or "not valid YAML").replace("'", '"')
    context = f" {error.context}" if error.context else ""
    line = source.lines[place.line] if place.line < len(source.lines) else ""
    helps = []
    if "\t" in line[: place.column + 1]:
        helps.append("indent with spaces; YAML does not allow tabs here")
    elif "mapping values are not allowed" in problem:
        helps.append('put a value that contains ": " in quotes')
    elif line[place.column : place.column + 1] in ("{", "[", "%", "@", "`") or "flow" in context:
        helps.append("put a template that begins with a brace in quotes")
    found.error("yaml-syntax", f"{problem}{context}", Span(source, place, end), *helps)


def _position_of(text: str, index: int) -> Position:
    before = LINE_BREAK.split(text[:index])
    return Position(len(before) - 1, len(before[-1]))


def _short_tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")
