"""A token or key is written in clear.

Why: specs are committed, mailed and copied into every run directory, and whoever reads one of them
can use it. A value from the environment stays out of all files, logs and messages.

Bad:

    training: {push_to_hub: true, hub_token: hf_abcdefghijklmnopqrstuvwxyz01234567}

Good:

    training: {push_to_hub: true, hub_token: "${env:HF_TOKEN:-}"}
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.document.load import Document
from ftspec.document.nodes import placed_scalars
from ftspec.masking import TOKEN_SHAPES, find_token
from ftspec.planning.plan import Plan
from ftspec.planning.secret_places import HUB_TOKEN
from ftspec.span import Position, Span

SLUGS = ("clear-secret",)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Look through every string as it is written, so not at values from the environment."""
    for path, node in placed_scalars(spans.root):
        if path == HUB_TOKEN or not isinstance(node.value, str):  # no plan has that one in clear
            continue
        found = find_token(node.written or str(node.value))
        if found is None:
            continue
        what, variable = next(
            (what, name) for what, name, shape in TOKEN_SHAPES if re.fullmatch(shape, found.group())
        )
        yield Diagnostic(
            slug="clear-secret",
            headline=f"{what} is written in clear",
            labels=labelled(_place_of(found.group(), node.span)),
            helps=(
                f"write ${{env:{variable}}}, and set the variable where the run starts",
                "revoke this one if anybody else has seen the file",
            ),
        )


def _place_of(token: str, span: Span) -> Span:
    """The token alone, where it stands on the line that its value begins on."""
    line = span.source.lines[span.start.line]
    column = line.find(token, span.start.column)
    if column < 0 or span.start.line != span.end.line:
        return span
    return Span(
        span.source,
        Position(span.start.line, column),
        Position(span.start.line, column + len(token)),
    )
