"""How a plan uses the columns of its rows: in templates, transforms and splits."""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.planning.plan import Plan
from ftspec.spec.column_path import JSON
from ftspec.spec.column_uses import ANY_USE, ColumnUse, ColumnUses
from ftspec.spec.template import parse_template

_KNOWN = {"filter", "deduplicate"}  # transforms that name the columns they read


def used_columns(plan: Plan) -> ColumnUses:
    """The uses of columns in a run."""
    if any(transform.type not in _KNOWN for transform in plan.transforms):
        return ANY_USE
    named = [*_uses_in_templates(plan, only_inputs=False)]
    reads_all = False
    for transform in plan.transforms:
        config = transform.config
        listed = getattr(config, "columns", None)
        reads_all |= transform.type == "deduplicate" and listed is None
        named += [(column, "text") for column in (listed or [getattr(config, "column", "")])]
    for split in plan.splits.named().values():
        named += [(one, "text") for one in (split.stratify_by, split.group_by) if one is not None]
    return ColumnUses(tuple(named), "text" if reads_all else None)


def input_columns(plan: Plan) -> ColumnUses:
    """The uses of columns in a prediction."""
    return ColumnUses(tuple(_uses_in_templates(plan, only_inputs=True)))


def _uses_in_templates(plan: Plan, *, only_inputs: bool) -> Iterator[tuple[str, ColumnUse]]:
    types = {field.name: field.type for field in plan.task.component.fields}
    for name, text in plan.template.items():
        if only_inputs and name not in plan.task.component.inputs:
            continue
        template = parse_template(text)
        for column in template.columns:
            if column.endswith(JSON):
                yield column, "json"
            elif column == template.bare_column and types.get(name) != "text":
                yield column, "value"
            else:
                yield column, "text"
