"""A token or key is written in plain text.

Why: specs are committed, mailed and copied into every run directory, and anyone who reads one can
use the token. ftspec keeps values from the environment out of all files, logs and messages.

Bad:

    training: {push_to_hub: true, hub_token: hf_abcdefghijklmnopqrstuvwxyz01234567}

Good:

    training: {push_to_hub: true, hub_token: "${env:HF_TOKEN:-}"}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.document.load import Document
from ftspec.document.nodes import placed_scalars
from ftspec.masking import (
    TOKEN_SHAPES,
    find_token,
    is_secret_variable,
    variable_of,
)
from ftspec.planning.plan import Plan
from ftspec.span import Position, SourceText, Span

SLUGS = ("clear-secret",)

_SHORTEST_TOKEN = 8  # characters; a shorter value may be an ordinary word or number


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Search every string as it is written, before values from the environment are put in."""
    tokens = {token.span for token in spans.clear_tokens}  # with these there is no plan
    sources = {spans.source.name: spans.source}
    for _, node in placed_scalars(spans.root):
        sources[node.span.source.name] = node.span.source
        if node.span in tokens or not isinstance(node.value, str):
            continue
        found = find_token(node.written or str(node.value))
        if found is None:
            continue
        what, variable = next(
            (what, name) for what, name, shape in TOKEN_SHAPES if re.fullmatch(shape, found.group())
        )
        place = _place_of(found.group(), node.span)
        yield _finding(f"{what} is written in plain text", variable, place)
    for source in sources.values():
        yield from _values_of_variables(source, spans.secrets)


def _values_of_variables(source: SourceText, secrets: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Find values of secret variables in the text, also in comments."""
    for value, reference in secrets.items():
        variable = variable_of(reference)
        if len(value) < _SHORTEST_TOKEN or not is_secret_variable(variable):
            continue
        for number, line in enumerate(source.lines):
            column = line.find(value)
            if column >= 0 and find_token(value) is None:
                end = Position(number, column + len(value))
                place = Span(source, Position(number, column), end)
                headline = f'the value of the variable "{variable}" is written in plain text'
                yield _finding(headline, variable, place)


def _finding(headline: str, variable: str, place: Span) -> Diagnostic:
    return Diagnostic(
        slug="clear-secret",
        headline=headline,
        labels=labelled(place),
        helps=(
            f"write ${{env:{variable}}}, and set the variable where the run starts",
            "revoke this token if anyone else has seen the file",
        ),
    )


def _place_of(token: str, span: Span) -> Span:
    """The place of the token itself, if it is on the first line of its value."""
    line = span.source.lines[span.start.line]
    column = line.find(token, span.start.column)
    if column < 0 or span.start.line != span.end.line:
        return span
    return Span(
        span.source,
        Position(span.start.line, column),
        Position(span.start.line, column + len(token)),
    )
