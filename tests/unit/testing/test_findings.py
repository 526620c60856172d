"""Findings in a spec that a test writes."""

from __future__ import annotations

from ftspec.registry.registry import Registry
from ftspec.span import SourceText
from ftspec.testing import lint_spec


def test_findings_are_in_the_order_of_their_places(minimal_spec: str, registry: Registry) -> None:
    found = lint_spec(f"sede: 1\n{minimal_spec}learning: 2\n", registry)
    unknown = [str(one.span) for one in found if one.slug == "unknown-key"]
    assert unknown == ["spec.yaml:1:1", "spec.yaml:12:1"]


def test_text_with_a_name(minimal_spec: str, registry: Registry) -> None:
    (first, *_) = lint_spec(SourceText("other.yaml", f"sede: 1\n{minimal_spec}"), registry)
    assert str(first.span) == "other.yaml:1:1"
