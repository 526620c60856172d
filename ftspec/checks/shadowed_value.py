"""A profile, or a spec that extends another, sets a key to the value that it already has.

Why: the setting has no effect now, but would hide a later change of the value below it. In a
profile of the same file this is a warning. Over a value of a base file it may be intended, so it is
an info.

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

# often repeated next to keys that change, to show what they belong to
_SAID_AGAIN = {"checkpoint", "from", "ftspec", "path", "type"}


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare every value with the value below it."""
    for at, node in _values(spans.root, ()):
        below = None if isinstance(node, MappingNode) else node.below
        source = node.span.source
        # other specs may share the base, where the value has an effect
        if below is None or at[-1] in _SAID_AGAIN or source != spans.source:
            continue
        value = to_plain(node, masked=True)
        # repr compares types too: true is not 1, and 1 is not 1.0
        if repr(value) != repr(to_plain(below)):
            continue
        if isinstance(value, (str, list)) and source.folder != below.span.source.folder:
            continue  # it may be a relative path, which means another file there
        is_in_view = source == below.span.source
        yield Diagnostic(
            slug="shadowed-value",
            severity=Severity.WARNING if is_in_view else Severity.INFO,
            headline=f"{format_path(at)} already has this value",
            labels=(Label(node.span), Label(below.span, "set here")),
            helps=("remove it",),
        )


def _values(node: Node, at: SpecPath) -> Iterator[tuple[SpecPath, Node]]:
    """Every scalar and every outermost list: what an overlay replaces as a whole."""
    if isinstance(node, MappingNode):
        for entry in node:
            yield from _values(entry.value, (*at, entry.key))
    else:
        yield at, node
