"""The findings of lint in a spec that a test writes."""

from __future__ import annotations

from ftspec.diagnostics.model import Diagnostic
from ftspec.linting import lint
from ftspec.registry.discover import build_registry
from ftspec.registry.registry import Registry
from ftspec.span import SourceText


def lint_spec(spec: str | SourceText, registry: Registry | None = None) -> tuple[Diagnostic, ...]:
    """The findings in a spec, in the order of their places, by default with all installed plugins.

    The file is called ``spec.yaml``: ``str(finding.span)`` of a finding on line 3 starts with
    ``spec.yaml:3:``.
    """
    source = SourceText("spec.yaml", spec) if isinstance(spec, str) else spec
    return lint(source, registry or build_registry())
