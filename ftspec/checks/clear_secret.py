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
from dataclasses import replace
from functools import lru_cache

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.document.load import Document
from ftspec.document.nodes import ListNode, MappingNode, Node, ScalarNode
from ftspec.planning.plan import Plan
from ftspec.span import Position, SourceText, Span

SLUGS = ("clear-secret",)

_SHAPES = (
    ("a token of Hugging Face", "HF_TOKEN", r"(?:hf|api_org)_[A-Za-z0-9]{30,}"),
    ("a token of GitHub", "GITHUB_TOKEN", r"gh[opsu]_[A-Za-z0-9]{30,}|github_pat_\w{40,}"),
    ("a token of GitLab", "GITLAB_TOKEN", r"glpat-[\w-]{20,}"),
    ("a key of OpenAI or Anthropic", "API_KEY", r"sk-(?:proj-|ant-)?[\w-]{32,}"),
    ("a key of AWS", "AWS_ACCESS_KEY_ID", r"(?:AKIA|ASIA)[A-Z0-9]{16}"),
    ("a key of Google", "GOOGLE_API_KEY", r"AIza[\w-]{35}"),
    ("a token of Slack", "SLACK_TOKEN", r"xox[abprs]-[A-Za-z0-9-]{20,}"),
)
_ANY = re.compile("|".join(rf"(?<![A-Za-z0-9])(?:{shape})(?![A-Za-z0-9])" for *_, shape in _SHAPES))


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Look through every string as it is written, so not at values from the environment."""
    blotted: dict[SourceText, SourceText] = {}
    for node in _strings(spans.root):
        found = _secret_in(node.written or str(node.value))
        if found is None:
            continue
        what, variable = next(
            (what, name) for what, name, shape in _SHAPES if re.fullmatch(shape, found.group())
        )
        source = node.span.source
        if source not in blotted:
            blotted[source] = replace(source, name=_blot(source.name), text=_blot(source.text))
        yield Diagnostic(
            slug="clear-secret",
            headline=f"{what} is written in clear",
            labels=labelled(_blotted(node.span, found.group(), blotted[source])),
            helps=(
                f"write ${{env:{variable}}}, and set the variable where the run starts",
                "revoke this one if anybody else has seen the file",
            ),
        )


@lru_cache(maxsize=256)  # each profile of a spec asks again
def _secret_in(text: str) -> re.Match[str] | None:
    return _ANY.search(text)


def _strings(node: Node) -> Iterator[ScalarNode]:
    if isinstance(node, ScalarNode):
        if isinstance(node.value, str):
            yield node
    elif isinstance(node, MappingNode):
        for entry in node:
            yield from _strings(entry.value)
    else:
        assert isinstance(node, ListNode)
        for item in node.items:
            yield from _strings(item)


def _blotted(span: Span, secret: str, source: SourceText) -> Span:
    """The place of the secret in ``source``, the text without it: excerpts end up in logs."""
    line, start = span.source.lines[span.start.line], span.start.column
    column = line.find(secret, start)
    end = span.end
    if column >= 0 and span.start.line == span.end.line:
        start, end = column, Position(span.start.line, column + len(secret))
    return Span(source, Position(span.start.line, start), end)


def _blot(text: str) -> str:
    return _ANY.sub(lambda match: match[0][:3] + "*" * (len(match[0]) - 3), text)
