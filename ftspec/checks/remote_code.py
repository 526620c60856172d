"""The run executes code from a Hub repository.

Why: the code runs with your permissions, and the owner of the repository can change it. Read the
code, pin the commit that you read, and ignore the finding with a comment.

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
    """Report every setting that allows code of a repository to run."""
    places: list[SpecPath] = [("model",)] if plan.model.trust_remote_code else []
    places += [one.at for one in plan.components if _trusts_code(one)]
    for at in places:
        yield Diagnostic(
            slug="remote-code",
            severity=Severity.WARNING,
            headline="code from a Hub repository runs on this machine",
            labels=labelled(spans.span((*at, "trust_remote_code"))),
            helps=(
                'read it and pin its commit with "revision", then add the comment '
                '"# ftspec: ignore[remote-code]"',
            ),
        )


def _trusts_code(planned: PlannedComponent) -> bool:
    return bool(getattr(planned.config, "trust_remote_code", False))
