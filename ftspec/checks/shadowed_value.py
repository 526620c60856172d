"""A value is laid over the very same value.

Why: it changes nothing, and whoever reads it believes that it does; when the value below is
changed, this one goes on hiding it. In a profile of the same file it is a warning; over the value
of a base it may be on purpose, and is information.

Bad:

    training: {logging_steps: 50}
    profiles:
      smoke: {training: {max_steps: 2, logging_steps: 50}}

Good:

    training: {logging_steps: 50}
    profiles:
      smoke: {training: {max_steps: 2}}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, Label, Severity
from ftspec.document.load import Document
from ftspec.document.nodes import MappingNode, Node, to_plain
from ftspec.document.paths import SpecPath, format_path
from ftspec.planning.plan import Plan

SLUGS = ("shadowed-value",)

# said again beside keys that change, so that one sees what they belong to
_SAID_AGAIN = {"checkpoint", "from", "ftspec", "path", "type"}


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare every value with the one that it was laid on."""
    for at, node in _values(spans.root, ()):
        below = None if isinstance(node, MappingNode) else node.below
        source = node.span.source
        # a base is shared, and what is in vain here may count elsewhere
        if below is None or at[-1] in _SAID_AGAIN or source != spans.source:
            continue
        value = to_plain(node, masked=True)
        # types included: true is not 1, and 1 is not 1.0
        if repr(value) != repr(to_plain(below)):
            continue
        if isinstance(value, (str, list)) and source.folder != below.span.source.folder:
            continue  # it may be a relative path, which means another file there
        is_in_view = source == below.span.source
        yield Diagnostic(
            slug="shadowed-value",
            severity=Severity.WARNING if is_in_view else Severity.INFO,
            headline=f"{format_path(at)} is set to the value that it has already",
            labels=(Label(node.span), Label(below.span, "it is set here")),
            helps=("remove it",),
        )


def _values(node: Node, at: SpecPath) -> Iterator[tuple[SpecPath, Node]]:
    """Every scalar and list outside of lists: what an overlay replaces as a whole."""
    if isinstance(node, MappingNode):
        for entry in node:
            yield from _values(entry.value, (*at, entry.key))
    else:
        yield at, node
