"""The template fills a field that the task does not have, or lacks a required field.

Why: a misspelt field would be ignored, and the model would train without it.

Bad:

    preprocess: {template: {txet: "{text}"}}

Good:

    preprocess: {template: {text: "{text}", label: "{label}"}}
"""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.diagnostics.model import Diagnostic, Fix, labelled
from ftspec.diagnostics.suggest import nearest, one_of
from ftspec.document.load import Document
from ftspec.planning.plan import Plan

SLUGS = ("unknown-field", "missing-field")

_TEMPLATE = ("preprocess", "template")


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Compare the keys of the template with the fields of the task."""
    fields = {field.name: field for field in plan.task.component.fields}
    for name in plan.template:
        if name in fields:
            continue
        near = nearest(name, fields)
        span = spans.key_span((*_TEMPLATE, name))
        yield Diagnostic(
            slug="unknown-field",
            headline=f'the task "{plan.task.type}" has no field "{name}"',
            labels=labelled(span),
            helps=(f'did you mean "{near}"?',) if near else (one_of(fields),),
            fix=Fix(span, near) if near else None,
        )
    for field in fields.values():
        if field.required and field.name not in plan.template:
            yield Diagnostic(
                slug="missing-field",
                headline=f'the task "{plan.task.type}" needs the field "{field.name}"',
                labels=labelled(spans.span(_TEMPLATE)),
                helps=(f'add "{field.name}": {field.summary}',),
            )
