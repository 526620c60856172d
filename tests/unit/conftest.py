"""Small builders that the unit tests share. They depend only on their arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ftspec.diagnostics.model import Collector, Diagnostic, Severity
from ftspec.document.nodes import Node, to_plain
from ftspec.document.parse import parse_node
from ftspec.linting import Verdict
from ftspec.linting import examine as examine_source
from ftspec.planning.plan import Plan
from ftspec.registry.discover import build_registry
from ftspec.registry.registry import Registry
from ftspec.span import Position, SourceText

SPEC_NAME = "spec.yaml"

MINIMAL = """\
ftspec: 1
data:
  source: {type: hub, path: acme/reviews}
  splits:
    train: "train[:90%]"
    validation: "train[90%:]"
preprocess:
  template: {text: "{text}", label: "{stars}"}
model: {checkpoint: acme/bert}
task: text-classification
"""

Examine = Callable[..., Verdict]
Diagnose = Callable[..., list[str]]
PlanOf = Callable[..., Plan]
Parse = Callable[[str], tuple[Any, list[str]]]
ParseNode = Callable[[str], Node]


def placed(diagnostic: Diagnostic) -> str:
    """``12:3 unknown-key``, with the name of the text before it where that is not the spec's."""
    span = diagnostic.span
    if span is None:
        return f"nowhere {diagnostic.slug}"
    place = str(span).removeprefix(f"{SPEC_NAME}:")
    return f"{place} {diagnostic.slug}"


def _is_info(diagnostic: Diagnostic) -> bool:
    return diagnostic.severity is Severity.INFO


def _order(diagnostic: Diagnostic) -> tuple[str, Position]:
    assert diagnostic.span is not None
    return diagnostic.span.source.name, diagnostic.span.start


@pytest.fixture(scope="session")
def minimal_spec() -> str:
    """A valid spec of ten lines. A test appends its own lines from line 11 on."""
    return MINIMAL


@pytest.fixture(scope="session")
def registry() -> Registry:
    """The built-in components alone, whatever else is installed."""
    return build_registry(with_entry_points=False)


@pytest.fixture(scope="session")
def examine(registry: Registry) -> Examine:
    """The findings in a text, in an empty environment, without infos unless asked for."""

    def examine_text(
        text: str, *, path: Path | None = None, with_info: bool = False, **options: Any
    ) -> Verdict:
        options = {"environment": {}, "registry": registry, **options}
        verdict = examine_source(SourceText(SPEC_NAME, text, path), **options)
        kept = [one for one in verdict.diagnostics if with_info or not _is_info(one)]
        return replace(verdict, diagnostics=tuple(kept))

    return examine_text


@pytest.fixture(scope="session")
def diagnose(examine: Examine) -> Diagnose:
    """The findings of a text as ``line:column slug``, in order of place."""

    def diagnose_text(text: str, **options: Any) -> list[str]:
        found = examine(text, **options).diagnostics
        return [placed(diagnostic) for diagnostic in sorted(found, key=_order)]

    return diagnose_text


@pytest.fixture(scope="session")
def plan_of(examine: Examine) -> PlanOf:
    """The plan of a text without errors."""

    def plan_of_text(text: str, **options: Any) -> Plan:
        verdict = examine(text, **options)
        assert verdict.is_sound, [str(diagnostic) for diagnostic in verdict.diagnostics]
        assert verdict.plan is not None
        return verdict.plan

    return plan_of_text


@pytest.fixture(scope="session")
def parse() -> Parse:
    """The bare data of a YAML text, and its findings as ``line:column slug``."""

    def parse_text(text: str) -> tuple[Any, list[str]]:
        found = Collector()
        node = parse_node(SourceText(SPEC_NAME, text), found)
        return (to_plain(node) if node is not None else None), [placed(one) for one in found]

    return parse_text


@pytest.fixture(scope="session")
def node_of() -> ParseNode:
    """The node tree of a YAML text without findings."""

    def node_of_text(text: str) -> Node:
        found = Collector()
        node = parse_node(SourceText(SPEC_NAME, text), found)
        assert [str(diagnostic) for diagnostic in found] == []
        assert node is not None
        return node

    return node_of_text
