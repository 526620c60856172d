"""A value from the environment is too short to be kept out of what ftspec writes.

Why: values from the environment are replaced by their reference in all files, logs and messages. A
value with fewer than six characters could be any word or number, so it is replaced only where it is
a whole text. In the examples `REVISION` is `v1`.

Bad:

    model: {checkpoint: google-bert/bert-base-uncased, revision: "${env:REVISION}"}

Good:

    model: {checkpoint: google-bert/bert-base-uncased, revision: v1}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, Severity, labelled
from ftspec.document.load import Document
from ftspec.document.nodes import placed_scalars
from ftspec.masking import SHORTEST_MASKED_PART, variable_of
from ftspec.planning.plan import Plan

SLUGS = ("short-secret",)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Look at every value that a variable gives."""
    for _, node in placed_scalars(spans.root):
        for value, reference in node.secrets:
            if 0 < len(value) < SHORTEST_MASKED_PART:
                yield Diagnostic(
                    slug="short-secret",
                    severity=Severity.WARNING,
                    headline=f'the value of the variable "{variable_of(reference)}" has fewer than '
                    f"{SHORTEST_MASKED_PART} characters: inside a text it is not hidden",
                    labels=labelled(node.span),
                    helps=(
                        "if it is a secret, use a longer one",
                        "if it is none, write it into the spec, or ignore this: "
                        "# ftspec: ignore[short-secret]",
                    ),
                )
