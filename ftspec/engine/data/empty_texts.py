"""Rows without a text of their own, which teach a model nothing but to end at once."""

from __future__ import annotations

import datasets
import pyarrow as pa
import pyarrow.compute as pc

from ftspec.engine.data.columns import Rows
from ftspec.planning.plan import Plan
from ftspec.spec.template import parse_template
from ftspec.texts import empty_text_note


def describe_empty_texts(fields: Rows, plan: Plan) -> list[str]:
    """A sentence for each text field that is empty in some of the rows. The rows of a stream are
    not known.
    """
    if not isinstance(fields, datasets.Dataset):
        return []
    texts = [one.name for one in plan.task.component.fields if one.type == "text"]
    return [
        text
        for name in texts
        if name in plan.template and (text := _describe(fields, name, plan.template[name]))
    ]


def _describe(fields: datasets.Dataset, name: str, written: str) -> str:
    template = parse_template(written)
    if not template.columns:
        return ""  # every row has the same text
    empty = template.text_of_empty_row.strip()
    rows, first, seen = 0, 0, 0
    for table in fields.select_columns([name]).with_format("arrow").iter(batch_size=10_000):
        column = table.column(0)
        if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
            return ""
        is_empty = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), empty), fill_value=False)
        found = pc.sum(is_empty).as_py() or 0
        if found and not rows:
            first = seen + pc.index(is_empty, value=True).as_py() + 1
        rows += found
        seen += len(column)
    if not rows:
        return ""
    return empty_text_note(name, empty, rows=rows, where=f"row {first:,}")
