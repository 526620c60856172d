"""The resolved spec as text without findings."""

from __future__ import annotations

from ftspec.checks import CHECKS
from ftspec.diagnostics.model import Collector, Severity
from ftspec.document.dump import dump
from ftspec.document.load import load_document
from ftspec.planning.plan import Plan
from ftspec.span import SourceText


def resolved_text(plan: Plan) -> str:
    """The spec with everything filled in.

    A comment at its start ignores the findings of checks. The checks have already examined the
    original spec, and some findings appear only here, because the layers of the original are
    merged.
    """
    text = dump(plan.to_spec())
    document = load_document(SourceText("spec.resolved.yaml", text), Collector())
    assert document is not None
    findings = (finding for check in CHECKS for finding in check.check(plan, document))
    slugs = {finding.slug for finding in findings if finding.severity is not Severity.INFO}
    return (f"# ftspec: ignore[{', '.join(sorted(slugs))}]\n" if slugs else "") + text
