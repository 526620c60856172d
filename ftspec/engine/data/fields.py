"""From rows to the fields of the task: templates rendered over columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import datasets

from ftspec.engine.data.columns import Rows, columns_of, unknown_column
from ftspec.errors import RunError
from ftspec.spec.column_path import (
    JSON,
    MissingColumnError,
    NotTextError,
    top_column,
    values_of,
)
from ftspec.spec.template import Template, parse_template

_AT = ("preprocess", "template")


def render_fields(rows: Rows, template: Mapping[str, str], path: Path | None = None) -> Rows:
    """The rows with the fields of the template as their only columns, in the file ``path``.

    A bare placeholder keeps the type of its column, and so the names of labels.

    Raises:
        RunError: a placeholder names a column that the rows do not have, or a text would contain
            a list.
    """
    templates = {name: parse_template(text) for name, text in template.items()}
    check_columns(rows, templates)
    render = _Render(templates)
    features = _features(rows.features, templates) if rows.features is not None else None
    if not isinstance(rows, datasets.Dataset):
        names = rows.column_names or columns_of(rows)
        removed = [name for name in names if name not in templates]
        return rows.map(render, batched=True, remove_columns=removed, features=features)
    named = {column for one in templates.values() for column in one.columns}
    tops = {top_column(column, rows.column_names) for column in named}
    needed = [name for name in rows.column_names if name in tops]
    read = rows.select_columns(needed) if needed else rows
    return read.map(
        render,
        batched=True,
        remove_columns=read.column_names,
        features=features,
        cache_file_name=str(path) if path is not None else None,
    )


def check_columns(rows: Rows, templates: Mapping[str, Template]) -> None:
    """Require the column of every placeholder.

    Raises:
        RunError: the rows do not have it.
    """
    first = next(iter(rows), None)
    if first is None:
        return
    for name, template in templates.items():
        try:
            template.render(first)
        except MissingColumnError as error:
            raise unknown_column(error.column, rows, (*_AT, name)) from None
        except NotTextError as error:
            raise not_text(error, name) from None


def not_text(error: NotTextError, field: str) -> RunError:
    """The error for a text field that would contain a list or a mapping."""
    return RunError(error.headline, slug="field-type", at=(*_AT, field), helps=error.helps)


class _Render:
    """Renders a batch of columns to a batch of fields."""

    def __init__(self, templates: Mapping[str, Template]) -> None:
        self._templates = templates

    def __call__(self, batch: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
        columns: dict[str, list[Any]] = {}
        count = len(next(iter(batch.values())))
        fields = {}
        for name, template in self._templates.items():
            needed = template.needed_columns
            for column in template.columns:
                if column not in columns:
                    columns[column] = _values(batch, column, count, is_needed=column in needed)
            try:
                fields[name] = template.render_column(columns, count)
            except NotTextError as error:
                raise not_text(error, name) from None
        return fields


def _values(
    batch: Mapping[str, list[Any]], column: str, count: int, *, is_needed: bool
) -> list[Any]:
    """The values of a column of a batch. One that is not needed may be missing.

    Raises:
        MissingColumnError: a row has no such column.
    """
    try:
        return values_of(batch, column)
    except MissingColumnError:
        if is_needed:
            raise
        return [None] * count


def _features(
    known: datasets.Features, templates: Mapping[str, Template]
) -> datasets.Features | None:
    features = {}
    for name, template in templates.items():
        if template.bare_column is None:
            features[name] = datasets.Value("string")
        else:
            features[name] = _feature_at(known, template.bare_column)
    # datasets infers a feature of unknown shape from the values
    return datasets.Features(features) if None not in features.values() else None


def _feature_at(features: Any, column: str) -> Any:
    if column in features:
        return features[column]
    if column.endswith(JSON):
        return datasets.Value("string")
    for step in column.split("."):
        if isinstance(features, datasets.Translation):
            return datasets.Value("string") if step in features.languages else None
        if not isinstance(features, dict) or step not in features:
            return None
        features = features[step]
    return features
