"""Code from a repository of the Hub runs on this machine.

Why: it runs with all that you may do, and whoever owns the repository can change it. Read it, pin
the commit you have read, and say so with an ignore comment.

Bad:

    model: {checkpoint: acme/bert-with-code, trust_remote_code: true}

Good:

    model: {checkpoint: google-bert/bert-base-uncased, trust_remote_code: false}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, Severity, labelled
from ftspec.document.load import Document
from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan, PlannedComponent

SLUGS = ("remote-code",)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Report every place that lets code of a repository run."""
    places: list[SpecPath] = [("model",)] if plan.model.trust_remote_code else []
    places += [one.at for one in plan.components if _trusts_code(one)]
    for at in places:
        yield Diagnostic(
            slug="remote-code",
            severity=Severity.WARNING,
            headline="code of a repository on the Hub runs on this machine",
            labels=labelled(spans.span((*at, "trust_remote_code"))),
            helps=(
                'read it and pin its commit with "revision", then add the comment '
                '"# ftspec: ignore[remote-code]"',
            ),
        )


def _trusts_code(planned: PlannedComponent) -> bool:
    return bool(getattr(planned.config, "trust_remote_code", False))
