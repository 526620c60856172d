"""A text field gets a value that is not text: a number or a list, or a text with a list in it.

Why: a placeholder on its own passes its value on unchanged, and a task cannot read a number as
text. With other text beside it, a number becomes text. A list or a mapping does not: nobody wants
what Python would print of it. Name a text inside the value, or write it as JSON. Lint reads the
first 1,000 rows of local files, and the run finds the others. In this example, a.text is a list of
texts.

Bad:

    data: {source: {type: json, files: answers.jsonl}}
    preprocess: {template: {text: "{q} {a.text}", label: "{label}"}}

Good:

    data: {source: {type: json, files: answers.jsonl}}
    preprocess: {template: {text: "{q} {a.text[0]}", label: "{label}"}}
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ftspec.diagnostics.model import Diagnostic, labelled
from ftspec.document.load import Document
from ftspec.errors import RunError
from ftspec.planning.local_columns import local_columns
from ftspec.planning.local_values import local_values
from ftspec.planning.plan import Plan
from ftspec.spec.column_path import MissingColumnError, NotTextError
from ftspec.spec.template import Template, parse_template
from ftspec.texts import checked_texts

if TYPE_CHECKING:
    from ftspec.reading.row import Row

SLUGS = ("field-type",)

_KEEPING = {"filter", "deduplicate"}  # transforms that leave the values as they are


def check(plan: Plan, spans: Document) -> Iterator[Diagnostic]:
    """Render the text fields of the first rows of the first local file."""
    known = local_columns(plan.source)
    if known is None or known.sample is None:
        return
    if any(transform.type not in _KEEPING for transform in plan.transforms):
        return
    # the columns of CSV and text files are texts
    rows = known.sample.rows if known.sample.columns is None else ()
    types = {field.name: field.type for field in plan.task.component.fields}
    for name, text in plan.template.items():
        template = parse_template(text)
        if template.bare_column is not None and types.get(name) != "text":
            continue
        fault = next(filter(None, (_fault(template, name, row) for row in rows)), None)
        if fault is None and template.bare_column is not None:
            fault = _missing(plan, name)
        if fault is not None:
            yield Diagnostic(
                slug="field-type",
                headline=fault.headline,
                labels=labelled(spans.span(("preprocess", "template", name))),
                helps=fault.helps,
            )


def _fault(template: Template, field: str, row: Row) -> RunError | None:
    """What is wrong with a text in a row, if anything is. A missing text is found apart, because a
    filter may drop the row."""
    try:
        value = template.render(row.values)
    except MissingColumnError:
        return None
    except NotTextError as error:
        return RunError(f"{error.headline} ({row.where})", slug="field-type", helps=error.helps)
    return None if value is None else _fault_of(value, field, row.where)


def _missing(plan: Plan, field: str) -> RunError | None:
    """The fault of the first row without a text that no filter drops."""
    found = local_values(plan, field)
    return _fault_of(None, field, found.missing) if found is not None and found.missing else None


def _fault_of(value: Any, field: str, where: str) -> RunError | None:
    try:
        checked_texts([value], field)
    except RunError as error:
        return RunError(f"{error.headline} ({where})", slug=error.slug, helps=error.helps)
    return None
