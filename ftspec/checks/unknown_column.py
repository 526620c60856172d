"""The spec names a column that the local files do not have, or a file has another format than its
type.

Why: the run would fail only after importing all libraries. Lint reads the first 1,000 rows of the
first file, and at most 1 MB. In this example, reviews.jsonl has the columns text and label.

Bad:

    data: {source: {type: json, files: reviews.jsonl}}
    preprocess: {template: {text: "{txet}", label: "{label}"}}

Good:

    data: {source: {type: json, files: reviews.jsonl}}
    preprocess: {template: {text: "{text}", label: "{label}"}}
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ftspec.columns import dotted_names, has_column
from ftspec.diagnostics.model import Diagnostic, Fix, labelled
from ftspec.diagnostics.suggest import did_you_mean, nearest, one_of
from ftspec.document.load import Document
from ftspec.document.nodes import ScalarNode
from ftspec.document.paths import SpecPath
from ftspec.planning.local_columns import LocalColumns, local_columns
from ftspec.planning.plan import Plan
from ftspec.span import Position, Span
from ftspec.spec.template import parse_template

SLUGS = ("unknown-column", "unreadable-data")

_KEEPING = {"filter", "deduplicate"}  # transforms that leave the columns as they are
_MOST_LISTED = 20
_PLAIN = re.compile(r"[\w.-]+")  # a name that needs no quotes anywhere


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare every column that the spec names with the columns of the first local file."""
    yield from _of_sets(plan, spans)
    known = local_columns(plan.source)
    if known is None:
        return
    if known.fault:
        yield _unreadable(known, plan, spans)
    if known.columns is None:
        return
    names = dotted_names(known.columns)
    listed = ", ".join(f'"{name}"' for name in names[:_MOST_LISTED])
    listed += ", …" if len(names) > _MOST_LISTED else ""
    where = f'"{_shown_path(known, plan)}" has' if known.path is not None else "they have"
    for at, column, in_braces in _named(plan):
        if has_column(known.columns, column):
            continue
        near = nearest(column, names)
        if near is None and in_braces and not _is_needed(plan, at, column):
            continue  # a part of a template that is left out
        node, span, shown = spans.node(at), spans.span(at), column
        if isinstance(node, ScalarNode) and node.written is not None:
            shown, near = node.written, None
        inner = _find(f"{{{column}}}" if in_braces else column, span)
        fix = None
        if inner is not None and near is not None and _PLAIN.fullmatch(near):
            fix = Fix(inner, f"{{{near}}}" if in_braces else near)
        yield Diagnostic(
            slug="unknown-column",
            headline=f'the rows have no column "{shown}"',
            labels=labelled(inner or span),
            helps=(*((f'did you mean "{near}"?',) if near else ()), f"{where} {listed}"),
            fix=fix,
        )


def _of_sets(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """The columns whose values are evaluated apart."""
    for one in plan.evaluation.values():
        own = plan.of_set(one.name)
        known = local_columns(own.source)
        is_kept = all(transform.type in _KEEPING for transform in own.transforms)
        if known is None or known.columns is None or not is_kept:
            continue
        names = list(known.columns)
        for index, column in enumerate(one.by):
            if column not in known.columns:
                yield Diagnostic(
                    slug="unknown-column",
                    headline=f'the rows of the set "{one.name}" have no column "{column}"',
                    labels=labelled(spans.span((*one.at, "by", index))),
                    helps=did_you_mean(column, names) or (one_of(names[:_MOST_LISTED]),),
                )


def _is_needed(plan: Plan, at: SpecPath, column: str) -> bool:
    """Whether a column is outside of the optional parts of a template."""
    return column in parse_template(plan.template[str(at[-1])]).needed_columns


def _unreadable(known: LocalColumns, plan: Plan, spans: Document) -> Diagnostic:
    from ftspec.reading.file_format import FORMATS, ending_of

    assert known.path is not None
    source = known.source
    wanted = FORMATS.get(ending_of(known.path))
    return Diagnostic(
        slug="unreadable-data",
        headline=plan.mask(
            f'cannot read "{_shown_path(known, plan)}" as {source.type}: {known.fault}'
        ),
        labels=labelled(spans.span((*source.at, "files"))),
        helps=(f'write "type: {wanted}"',) if wanted not in (None, source.type) else known.helps,
    )


def _shown_path(known: LocalColumns, plan: Plan) -> str:
    """The path, or its pattern if that comes from the environment."""
    written = plan.mask(known.pattern)
    return str(known.path) if written == known.pattern else written


def _named(plan: Plan) -> Iterator[tuple[SpecPath, str, bool]]:
    """Each column that the spec names, its place, and whether it is in braces."""
    for transform in plan.transforms:
        if transform.type not in _KEEPING:
            return  # the columns after it are known only in the run
        if transform.type == "filter":
            yield (*transform.at, "column"), getattr(transform.config, "column", ""), False
        for index, column in enumerate(getattr(transform.config, "columns", None) or ()):
            yield (*transform.at, "columns", index), column, False
    for field, text in plan.template.items():
        for column in parse_template(text).columns:
            yield ("preprocess", "template", field), column, True
    for name, split in plan.splits.named().items():
        for key in ("stratify_by", "group_by"):
            if (column := getattr(split, key)) is not None:
                yield ("data", "splits", name, key), column, False


def _find(text: str, span: Span) -> Span | None:
    """The place of a name inside a value of one line, unless it is in literal braces."""
    if span.start.line != span.end.line:
        return None
    pattern = re.compile(rf"(?<![{{\w]){re.escape(text)}(?![}}\w])")
    line = span.source.lines[span.start.line]
    match = pattern.search(line, span.start.column, span.end.column)
    if match is None:
        return None
    return Span(
        span.source,
        Position(span.start.line, match.start()),
        Position(span.start.line, match.end()),
    )
