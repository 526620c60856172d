"""A local CSV file has rows or a header that may mean something else than what is read.

Why: the model would learn it without a word. A quoted value over several lines, each of which looks
like a row, is often a quote in a text: the rows in between are lost. Text after a closing quote
loses its quotes. Two columns of the same name are told apart only by their order. A header line
that is read as data becomes a row. Lint reads the first 1,000 rows of the first file, and the run
says the same of every row. In this example, reviews.csv has the header line "text,label".

Bad:

    data: {source: {type: csv, files: reviews.csv, column_names: [text, label]}}

Good:

    data: {source: {type: csv, files: reviews.csv}}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, Severity, labelled
from ftspec.document.load import Document
from ftspec.planning.local_columns import local_columns
from ftspec.planning.plan import Plan
from ftspec.planning.used_columns import used_columns

SLUGS = ("odd-quotes", "duplicate-column", "header-row")


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Report what the reader remarks on the first rows."""
    known = local_columns(plan.source)
    if known is None or known.sample is None:
        return
    for remark in known.sample.remarks:
        at = (*known.source.at, "column_names" if remark.kind == "header" else "files")
        headline = plan.mask(f'in "{known.path}", {remark.text}')
        labels, helps = labelled(spans.span(at)), (remark.help,)
        if remark.kind == "quotes":
            yield Diagnostic(
                slug="odd-quotes",
                severity=Severity.WARNING,
                headline=headline,
                labels=labels,
                helps=helps,
            )
        elif remark.kind == "header":
            yield Diagnostic(
                slug="header-row",
                severity=Severity.WARNING,
                headline=headline,
                labels=labels,
                helps=helps,
            )
        elif remark.kind == "twice":
            uses = used_columns(plan).of(known.sample.columns or ())
            is_read = any(uses.get(name) is not None for name in remark.columns)
            yield Diagnostic(
                slug="duplicate-column",
                severity=Severity.ERROR if is_read else Severity.WARNING,
                headline=headline,
                labels=labels,
                helps=helps,
            )
