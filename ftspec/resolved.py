"""The resolved spec as text, which lints clean."""

from __future__ import annotations

from ftspec.checks import CHECKS
from ftspec.diagnostics.model import Collector, Severity
from ftspec.document.dump import dump
from ftspec.document.load import load_document
from ftspec.planning.plan import Plan
from ftspec.span import SourceText


def resolved_text(plan: Plan) -> str:
    """The spec with everything filled in.

    Its head ignores what checks find in it. They have looked at the spec that it was made of: where
    an overlay made a setting idle, that was meant, and the layers are gone here; all else was said
    there, or is ignored there.
    """
    text = dump(plan.to_spec())
    document = load_document(SourceText("spec.resolved.yaml", text), Collector())
    assert document is not None
    findings = (finding for check in CHECKS for finding in check.check(plan, document))
    slugs = {finding.slug for finding in findings if finding.severity is not Severity.INFO}
    return (f"# ftspec: ignore[{', '.join(sorted(slugs))}]\n" if slugs else "") + text
