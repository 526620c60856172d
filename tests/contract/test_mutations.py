"""Mutants of every spec: a single mistake is reported at its place, and clean specs say
nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ftspec.diagnostics.model import Collector, Diagnostic, Severity
from ftspec.document.load import read_source
from ftspec.document.nodes import Entry, ListNode, MappingNode, Node, ScalarNode
from ftspec.document.parse import parse_node
from ftspec.document.paths import SpecPath, format_path
from ftspec.linting import lint
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText, Span

SPECS = Path(__file__).parents[2] / "specs"
REGISTRY = build_registry()

# sections whose keys are names of the user's own
FREE = {("profiles",), ("model", "config"), ("data", "source", "files")}
ENUMS = {
    ("task",),
    ("task", "type"),
    ("data", "source", "type"),
    ("training", "eval_strategy"),
    ("performance", "precision"),
    ("tokenizer", "algorithm"),
    ("data", "source", "sample_by"),
}
REQUIRED = {
    ("data", "source", "path"),
    ("data", "source", "files"),
    ("data", "source", "type"),
    ("preprocess", "template", "text"),
    ("preprocess", "template", "label"),
    ("preprocess", "template", "source"),
    ("preprocess", "template", "target"),
    ("task", "type"),
}


@dataclass(frozen=True)
class Mutant:
    """A text with one slip, at ``line`` (0-based); a parser may notice ``slack`` lines off."""

    kind: str
    what: str
    text: str
    line: int
    slack: int = 0


def specs() -> list[Path]:
    return sorted(SPECS.glob("*.yaml"))


def errors(path: Path, text: str) -> list[Diagnostic]:
    found = lint(SourceText(path.name, text, path), REGISTRY)
    return [one for one in found if one.severity is not Severity.INFO]


def cut(text: str, span: Span, replacement: str) -> str:
    """``text`` with a stretch of one line replaced."""
    lines = text.split("\n")
    line = lines[span.start.line]
    assert span.start.line == span.end.line
    lines[span.start.line] = line[: span.start.column] + replacement + line[span.end.column :]
    return "\n".join(lines)


def inside_profile(path: SpecPath) -> SpecPath:
    """The path without ``profiles.<name>`` before it."""
    return path[2:] if path[:1] == ("profiles",) and len(path) > 2 else path


def entries(node: Node, path: SpecPath = ()) -> Iterator[tuple[SpecPath, Entry]]:
    if isinstance(node, MappingNode):
        for entry in node:
            yield (*path, entry.key), entry
            yield from entries(entry.value, (*path, entry.key))
    elif isinstance(node, ListNode):
        for index, item in enumerate(node.items):
            yield from entries(item, (*path, index))


def mutants(path: Path) -> Iterator[Mutant]:
    found = Collector()
    source = read_source(path, found)
    assert source is not None
    root = parse_node(source, found)
    assert isinstance(root, MappingNode)
    text = source.text
    for at, entry in entries(root):
        parent = at_path(root, at[:-1])
        yield from key_mutants(text, at, entry, has_siblings=len(parent.entries) > 1)
        yield from value_mutants(text, at, entry)
        yield from deletions(text, at, entry, root)


def at_path(root: MappingNode, path: SpecPath) -> MappingNode:
    node: Node = root
    for step in path:
        if isinstance(node, ListNode):
            assert isinstance(step, int)
            node = node.items[step]
        else:
            assert isinstance(node, MappingNode)
            assert isinstance(step, str)
            found = node.get(step)
            assert found is not None
            node = found.value
    assert isinstance(node, MappingNode)
    return node


def deletions(text: str, at: SpecPath, entry: Entry, root: MappingNode) -> Iterator[Mutant]:
    """Without a key that is required, the section it was in is to blame."""
    lines = text.split("\n")
    line = entry.key_span.start.line
    if (
        at not in REQUIRED
        or entry.value.span.end.line != line
        or not lines[line].lstrip().startswith(f"{entry.key}:")
    ):
        return
    section = at_path(root, at[:-2]).get(str(at[-2]))
    assert section is not None
    without = "\n".join([*lines[:line], *lines[line + 1 :]])
    yield Mutant("deleted key", format_path(at), without, section.key_span.start.line)


def key_mutants(text: str, at: SpecPath, entry: Entry, *, has_siblings: bool) -> Iterator[Mutant]:
    where, name = inside_profile(at), format_path(at)
    span, line = entry.key_span, entry.key_span.start.line
    lines = text.split("\n")
    if where[:-1] not in FREE and at != ("ftspec",):
        slip = entry.key[:-1] + "zq"
        yield Mutant("misspelt key", name, cut(text, span, slip), line)
    is_block_line = lines[line].lstrip().startswith(f"{entry.key}:")
    one_line = isinstance(entry.value, ScalarNode) or entry.value.span.end.line == line
    if is_block_line and one_line:
        twice = [*lines[: line + 1], lines[line], *lines[line + 1 :]]
        yield Mutant("duplicate key", name, "\n".join(twice), line + 1)
        if has_siblings and lines[line].startswith("  "):
            shifted = [*lines[:line], " " + lines[line], *lines[line + 1 :]]
            yield Mutant("wrong indent", name, "\n".join(shifted), line, slack=1)
        if len(at) == 2 and at[0] in ("training", "model", "tokenizer"):
            moved = [*lines[:line], *lines[line + 1 :]]
            while moved and not moved[-1].strip():
                moved.pop()
            moved += [lines[line].strip(), ""]
            yield Mutant("moved key", name, "\n".join(moved), len(moved) - 2)


def value_mutants(text: str, at: SpecPath, entry: Entry) -> Iterator[Mutant]:
    node, name, where = entry.value, format_path(at), inside_profile(at)
    if not isinstance(node, ScalarNode) or at == ("ftspec",) or where[:2] == ("model", "config"):
        return
    line = node.span.start.line
    if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        yield Mutant("quoted number", name, cut(text, node.span, '"7"'), line)
        yield Mutant("list for a number", name, cut(text, node.span, "[7]"), line)
    if isinstance(node.value, str):
        yield Mutant("number for a string", name, cut(text, node.span, "7"), line)
    if where in ENUMS:
        yield Mutant("unknown choice", name, cut(text, node.span, "nonsense"), line)
    if where[:2] == ("preprocess", "template"):
        broken = str(node.value).replace("}", "", 1)
        yield Mutant("broken template", name, cut(text, node.span, f'"{broken}"'), line)


@pytest.mark.parametrize("path", specs(), ids=lambda path: path.stem)
def test_every_mutant_is_reported_at_its_place(path: Path) -> None:
    missed = []
    count = 0
    for mutant in mutants(path):
        count += 1
        places = [
            one.span.start.line
            for one in errors(path, mutant.text)
            if one.span is not None and one.span.source.name == path.name
        ]
        if not any(abs(place - mutant.line) <= mutant.slack for place in places):
            missed.append(f"{mutant.kind} at {mutant.what} (line {mutant.line + 1}): {places}")
    assert missed == [], f"{len(missed)} of {count} mutants missed"


@pytest.mark.parametrize("path", specs(), ids=lambda path: path.stem)
def test_clean_spec_says_nothing(path: Path) -> None:
    assert errors(path, path.read_text(encoding="utf-8")) == []


def test_there_are_many_mutants() -> None:
    kinds = {mutant.kind for path in specs() for mutant in mutants(path)}
    assert len(kinds) == 10
    assert sum(1 for path in specs() for _ in mutants(path)) > 300
