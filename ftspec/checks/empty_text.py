"""A text field has no text in some of the rows.

Why: a model learns nothing from a row without a text, and a target without a text teaches it to
write nothing. Often the column is empty by mistake. Lint reads the first 1,000 rows of local files,
and the run says how many of all rows it finds. In this example, the second row of posts.csv has no
title.

Bad:

    data: {source: {type: csv, files: posts.csv}}
    preprocess:
      template: {text: "title: {title}", label: "{label}"}

Good:

    data: {source: {type: csv, files: posts.csv}}
    preprocess:
      transforms: [{type: filter, column: title, not_missing: true}]
      template: {text: "title: {title}", label: "{label}"}
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ftspec.diagnostics.model import Diagnostic, Severity, labelled
from ftspec.document.load import Document
from ftspec.planning.local_rows import local_rows
from ftspec.planning.plan import Plan
from ftspec.spec.template import parse_template
from ftspec.texts import DROP_EMPTY, empty_text_note

SLUGS = ("empty-text",)


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Render the text fields of the first rows of the first local file."""
    rows = local_rows(plan)
    for field in plan.task.component.fields:
        if field.type != "text" or field.name not in plan.template:
            continue
        template = parse_template(plan.template[field.name])
        if not template.columns:
            continue
        literal = template.text_of_empty_row.strip()
        empty = [row for row in rows if _is_text(row.fields[field.name], literal)]
        if empty:
            yield Diagnostic(
                slug="empty-text",
                severity=Severity.WARNING,
                headline=empty_text_note(
                    field.name, literal, rows=len(empty), where=empty[0].where
                ),
                labels=labelled(spans.span(("preprocess", "template", field.name))),
                helps=(DROP_EMPTY,),
            )


def _is_text(value: Any, literal: str) -> bool:
    return isinstance(value, str) and value.strip() == literal
