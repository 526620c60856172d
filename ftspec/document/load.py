"""File to document: the loader of every command."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

from ftspec.confinement import Confinement, confinement_of
from ftspec.diagnostics.model import Collector
from ftspec.diagnostics.suggest import did_you_mean, one_of
from ftspec.document.interpolate import interpolate, secrets_of
from ftspec.document.nodes import (
    ListNode,
    MappingNode,
    Node,
    ScalarNode,
    describe,
    scalars_of,
    shortened,
    size_of,
    to_plain,
)
from ftspec.document.overlay import apply_overrides, merge
from ftspec.document.parse import parse_node
from ftspec.document.paths import SpecPath
from ftspec.masking import HIDDEN, REFERENCE, ambient_secrets
from ftspec.span import SourceText, Span, whole_line

LARGEST = 1_000_000  # bytes; a larger file is a data file named by mistake, and is not parsed
_LONGEST_CHAIN = 20
_MOST_BASES = 100  # files; a file that is extended twice counts twice
_MOST_PROFILES = 100
_MOST_VALUES = 100_000  # under all profiles together


@dataclass(frozen=True)
class Document:
    """A spec after ``extends``, profile, ``--set`` and ``${env:…}``, every value with its span.

    Attributes:
        source: the file the user named.
        root: the values, without ``extends`` and ``profiles``, which are resolved.
        profiles: the names of the profiles of the spec, in order.
        profile: the profile that was applied.
        profile_keys: where each profile is written.
        clear_tokens: values of ``training.hub_token`` in plain text, in any profile and below any
            overlay. The run keeps the text of all layers, so each of them counts.
        confinement: the folders that the paths of the spec may not leave.
        secrets: values from the environment, with the text to show instead: values that the spec
            reads, and also tokens, keys and passwords that it does not read.
    """

    source: SourceText
    root: MappingNode
    profiles: tuple[str, ...] = ()
    profile: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    profile_keys: Mapping[str, Span] = field(default_factory=dict)
    clear_tokens: tuple[Node, ...] = field(default=(), repr=False)
    confinement: Confinement = field(default_factory=Confinement)

    def plain(self, *, masked: bool = False) -> Any:
        """The plain data. With ``masked``, secrets appear as they were written."""
        return to_plain(self.root, masked=masked)

    def node(self, path: SpecPath) -> Node | None:
        """The value at ``path``."""
        node: Node | None = self.root
        for step in path:
            node = _child(node, step)
        return node

    def span(self, path: SpecPath) -> Span:
        """The place of the value at ``path``, or of the nearest existing section.

        The place of a section is its key.
        """
        span = self._beginning
        node: Node | None = self.root
        for step in path:
            key_span = _key_span(node, step)
            node = _child(node, step)
            if node is None:
                return span
            span = key_span if key_span is not None and _is_block(node) else node.span
        return span

    @property
    def _beginning(self) -> Span:
        """The first key in the spec itself, after any comments."""
        spans = (entry.key_span for entry in self.root)
        here = (span for span in spans if span.source == self.source)
        return min(here, key=lambda span: span.start, default=whole_line(self.source))

    def key_span(self, path: SpecPath) -> Span:
        """The place of the key at ``path``, or of the value if there is no such key."""
        parent = self.node(path[:-1])
        return _key_span(parent, path[-1]) or self.span(path)


def _child(node: Node | None, step: str | int) -> Node | None:
    if isinstance(node, MappingNode) and isinstance(step, str):
        entry = node.get(step)
        return entry.value if entry is not None else None
    if isinstance(node, ListNode) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    return None


def _key_span(node: Node | None, step: str | int) -> Span | None:
    entry = node.get(step) if isinstance(node, MappingNode) and isinstance(step, str) else None
    return entry.key_span if entry is not None else None


def _is_block(node: Node) -> bool:
    return not isinstance(node, ScalarNode) and node.span.start.line != node.span.end.line


def read_source(path: Path, found: Collector, *, blamed: Span | None = None) -> SourceText | None:
    """The text of a file. If it cannot be read, a finding at ``blamed``, which names the file."""
    name = _display_name(path)
    try:
        if not path.is_file() and not path.is_dir() and path.exists():
            # reading a pipe may block forever
            found.error(
                "unreadable-file",
                f'cannot read "{name}": it is not a regular file',
                blamed,
                'write "-" for standard input',
            )
            return None
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except FileNotFoundError:
        found.error("missing-file", f'there is no file "{name}"', blamed, *_siblings(path))
        return None
    except OSError as error:
        found.error("unreadable-file", f'cannot read "{name}": {error.strerror}', blamed)
        return None
    except ValueError as error:  # a character that no path can have
        found.error("unreadable-file", f'cannot read "{name}": {error}', blamed)
        return None
    return decode_source(name, content, found, path=path.absolute(), blamed=blamed)


def decode_source(
    name: str,
    content: bytes,
    found: Collector,
    *,
    path: Path | None = None,
    blamed: Span | None = None,
) -> SourceText | None:
    """The text of a spec's bytes, or a finding."""
    if len(content) > LARGEST:
        found.error(
            "too-large",
            f'"{name}" is larger than {LARGEST} bytes, which is too large for a spec',
            blamed,
        )
        return None
    try:
        return SourceText(name, content.decode("utf-8-sig"), path)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        found.error("not-utf8", f'"{name}" is not UTF-8 text (line {line})', blamed)
        return None


def load_document(
    source: SourceText,
    found: Collector,
    *,
    profile: str | None = None,
    overrides: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Document | None:
    """The document of ``source`` with all overlays applied, or ``None`` with findings."""
    root = _parse_mapping(source, found)
    if root is None:
        return None
    confinement = confinement_of(source.folder)
    root = _Bases(found, confinement).extend(root, chain=(source,))
    profiles = _profiles(root, found)
    keys = {name: _key_span(_child(root, "profiles"), name) or root.span for name in profiles}
    profiles_key = _key_span(root, "profiles")
    root = root.without("extends", "profiles")
    if profile is not None:
        overlay = profiles.get(profile)
        if overlay is None:
            helps = did_you_mean(profile, profiles) or (one_of(profiles),) if profiles else ()
            place = profiles_key or whole_line(source)
            found.error("unknown-profile", f'the spec has no profile "{profile}"', place, *helps)
        else:
            root = merge(root, overlay)
    root = apply_overrides(root, overrides, found)
    tokens = {node.span: node for node in _clear_tokens(root, *profiles.values())}
    environment = os.environ if environment is None else environment
    root = interpolate(root, environment, found)
    secrets = ambient_secrets(environment) | secrets_of(root)
    for scalar in (scalar for token in tokens.values() for scalar in scalars_of(token)):
        secrets.setdefault(str(scalar.value), HIDDEN)
    return Document(
        source,
        root,
        tuple(profiles),
        profile,
        secrets,
        keys,
        tuple(tokens.values()),
        confinement,
    )


def _clear_tokens(*layers: MappingNode) -> Iterator[Node]:
    """Values of ``training.hub_token`` that are not just a reference to the environment."""
    for layer in layers:
        training = _child(layer, "training")
        entry = training.get("hub_token") if isinstance(training, MappingNode) else None
        node = entry.value if entry is not None else None
        while node is not None:
            if not _is_reference(node):
                yield node
            node = None if isinstance(node, MappingNode) else node.below


def _is_reference(node: Node) -> bool:
    """Whether no part of a value is written in plain text."""
    if not isinstance(node, ScalarNode):
        return False
    match = re.fullmatch(REFERENCE, str(node.value))
    return not node.value or (match is not None and not match["default"])


def _parse_mapping(source: SourceText, found: Collector) -> MappingNode | None:
    earlier = len(list(found))
    node = parse_node(source, found)
    if isinstance(node, MappingNode):
        return node
    if len(list(found)) == earlier:
        what = "empty" if node is None else describe(node)
        found.error(
            "not-a-spec",
            f"a spec is a mapping of sections, and this file is {what}",
            whole_line(source),
            'begin with "ftspec: 1"',
        )
    return None


class _Bases:
    """The files that one spec extends, and their total size."""

    def __init__(self, found: Collector, confinement: Confinement) -> None:
        self._found = found
        self._confinement = confinement
        self._count = 0
        self._size = 0

    def extend(self, root: MappingNode, *, chain: tuple[SourceText, ...]) -> MappingNode:
        """``root`` merged over the files that it extends. ``chain`` is the way to it."""
        entry = root.get("extends")
        if entry is None:
            return root
        named = entry.value.items if isinstance(entry.value, ListNode) else (entry.value,)
        layers: list[MappingNode] = []
        for name in named:
            if self._found.is_full or self._is_too_large():
                break
            if not isinstance(name, ScalarNode) or not isinstance(name.value, str):
                self._found.error(
                    "wrong-type",
                    f'"extends" takes a file name or a list of them, found {describe(name)}',
                    name.span,
                )
                continue
            base = self._load(name.value, name.span, chain)
            if base is not None:
                layers.append(base)
        return reduce(merge, [*layers, root.without("extends")])

    def _load(self, name: str, span: Span, chain: tuple[SourceText, ...]) -> MappingNode | None:
        path = span.source.anchor(name)
        if any(source.path == path for source in chain) or len(chain) > _LONGEST_CHAIN:
            names = [_display_name(path)] + [source.name for source in reversed(chain)]
            self._found.error(
                "extends-cycle", 'the files extend each other: "' + '" ← "'.join(names) + '"', span
            )
            return None
        problem = self._confinement.problem(path)
        if problem is not None:
            headline = f"{shortened(name)} {problem}"
            self._found.error("outside-root", headline, span, *self._confinement.helps)
            return None
        source = read_source(path, self._found, blamed=span)
        if source is None:
            return None
        self._count += 1
        self._size += len(source.text)
        if self._is_too_large():
            self._found.error(
                "too-large",
                f"this spec extends more than {_MOST_BASES} files, or more than {LARGEST} "
                "characters in total",
                span,
            )
            return None
        root = _parse_mapping(source, self._found)
        return self.extend(root, chain=(*chain, source)) if root is not None else None

    def _is_too_large(self) -> bool:
        return self._count > _MOST_BASES or self._size > LARGEST


def _profiles(root: MappingNode, found: Collector) -> dict[str, MappingNode]:
    entry = root.get("profiles")
    if entry is None:
        return {}
    if not isinstance(entry.value, MappingNode):
        found.error(
            "wrong-type",
            f'"profiles" maps names to overlays, found {describe(entry.value)}',
            entry.value.span,
        )
        return {}
    without = size_of(root) - size_of(entry.value)
    if len(entry.value.entries) > _MOST_PROFILES or (
        len(entry.value.entries) * without + size_of(entry.value) > _MOST_VALUES
    ):
        found.error(
            "too-large",
            f"more than {_MOST_PROFILES} profiles, or more than {_MOST_VALUES} values in all of "
            "them together",
            entry.key_span,
        )
        return {}
    profiles = {}
    for profile in entry.value:
        if not isinstance(profile.value, MappingNode):
            found.error(
                "wrong-type",
                f'the profile "{profile.key}" must be a mapping of sections, '
                f"found {describe(profile.value)}",
                profile.value.span,
            )
            continue
        for key in ("ftspec", "extends", "profiles"):
            nested = profile.value.get(key)
            if nested is not None:
                found.error(
                    "misplaced-key",
                    f'"{key}" is only allowed at the top of a spec',
                    nested.key_span,
                )
        profiles[profile.key] = profile.value.without("ftspec", "extends", "profiles")
    return profiles


def _display_name(path: Path) -> str:
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _siblings(path: Path) -> tuple[str, ...]:
    try:
        names = sorted(sibling.name for sibling in path.parent.iterdir())
    except OSError:
        return ()
    return did_you_mean(path.name, names)
