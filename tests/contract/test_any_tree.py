"""Lint never fails with a traceback, only with findings: for any text, and for changes of the
specs of this repository when their values or their text are changed at will."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ftspec.diagnostics.model import Collector, Diagnostic
from ftspec.diagnostics.render import RENDERERS
from ftspec.document.dump import dump
from ftspec.document.nodes import to_plain
from ftspec.document.parse import parse_node
from ftspec.linting import lint
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText
from tests.examples import examples

SPECS = Path(__file__).parents[2] / "specs"
REGISTRY = build_registry(with_entry_points=False)

Steps = tuple[str | int, ...]


def tree_of(path: Path) -> Any:
    """The values of a file of the repository."""
    node = parse_node(SourceText(path.name, path.read_text(encoding="utf-8")), Collector())
    assert node is not None
    return to_plain(node)


def steps_in(value: Any, steps: Steps = ()) -> Iterator[Steps]:
    """The path of every value below the root."""
    inside: Any = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)
    for step, inner in inside:
        yield (*steps, step)
        yield from steps_in(inner, (*steps, step))


TREES = [tree_of(path) for path in sorted(SPECS.glob("**/*.yaml"))]
KEYS = sorted({str(steps[-1]) for tree in TREES for steps in steps_in(tree)})
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        [
            "auto",
            "${env:X}",
            "${env:Y:-z}",
            "{a.b}",
            "{",
            "train[:10%]",
            "epoch",
            "./x",
            "package:y/z",
        ]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=10,
)


@st.composite
def trees(draw: st.DrawFn) -> Any:
    """A spec of the repository with values changed, removed, moved, or overridden by a profile."""
    tree = copy.deepcopy(draw(st.sampled_from(TREES)))
    for _ in range(draw(st.integers(1, 4))):
        ways = list(steps_in(tree))
        if not ways:
            break
        *steps, last = draw(st.sampled_from(ways))
        parent = tree
        for step in steps:
            parent = parent[step]
        change = draw(st.sampled_from(("replace", "delete", "add", "move", "wrap", "profile")))
        if change == "replace":
            parent[last] = draw(VALUES)
        elif change == "delete":
            del parent[last]
        elif change == "add" and isinstance(parent, dict):
            parent[draw(st.sampled_from(KEYS) | st.text(max_size=5))] = draw(VALUES)
        elif change == "move":
            tree[draw(st.sampled_from(KEYS))] = parent[last]
        elif change == "wrap":
            parent[last] = [parent[last]]
        elif change == "profile":
            tree["profiles"] = {"one": draw(VALUES), "two": {str(last): parent[last]}}
    return tree


def survives(text: str) -> None:
    """Every finding has a place and can be rendered in each format."""
    found = lint(SourceText("spec.yaml", text, SPECS / "spec.yaml"), REGISTRY)
    for render in RENDERERS.values():
        assert isinstance(render(found), str)
    assert all(isinstance(one, Diagnostic) and one.headline and one.span for one in found)


@examples(200)
@given(trees())
def test_any_tree_gives_findings(tree: Any) -> None:
    survives(dump(tree))


@examples(200)
@given(st.sampled_from(sorted(SPECS.glob("*.yaml"))), st.data())
def test_any_edit_of_the_text_gives_findings(path: Path, data: st.DataObject) -> None:
    text = path.read_text(encoding="utf-8")
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.integers(0, 20))
        inserted = data.draw(
            st.text(max_size=10) | st.text("\t\n :-[]{}&*!|>'\"%@#$0e.", max_size=8)
        )
        text = text[:start] + inserted + text[end:]
    survives(text)


@examples(200)
@given(st.text() | st.text("\t\n :-[]{}&*!|>'\"%@#$0ae.,?~<\\", max_size=60))
def test_any_text_gives_findings(text: str) -> None:
    survives(text)
