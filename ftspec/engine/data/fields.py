"""From rows to the fields of the task: templates rendered over columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import datasets

from ftspec.engine.data.splits import Rows, columns_of, unknown_column
from ftspec.spec.template import MissingColumnError, Template, parse_template, value_of

_AT = ("preprocess", "template")


def render_fields(rows: Rows, template: Mapping[str, str], path: Path | None = None) -> Rows:
    """The rows with the fields of the template as their only columns, in the file ``path``.

    A bare placeholder keeps the type of its column, and so the names of labels.

    Raises:
        RunError: a placeholder names a column that the rows do not have.
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
    needed = [
        top
        for top in rows.column_names
        if any(column == top or column.startswith(f"{top}.") for column in named)
    ]
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


class _Render:
    """Renders a batch of columns to a batch of fields."""

    def __init__(self, templates: Mapping[str, Template]) -> None:
        self._templates = templates

    def __call__(self, batch: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
        columns: dict[str, list[Any]] = {}
        for template in self._templates.values():
            for column in template.columns:
                if column not in columns:
                    columns[column] = _values(batch, column)
        count = len(next(iter(batch.values())))
        return {
            name: template.render_column(columns, count)
            for name, template in self._templates.items()
        }


def _values(batch: Mapping[str, list[Any]], column: str) -> list[Any]:
    """The values of a column of a batch; a dotted name is a nested column.

    Raises:
        MissingColumnError: a row has no such column.
    """
    if column in batch:
        return list(batch[column])
    top = column.partition(".")[0]
    if top not in batch:
        raise MissingColumnError(column)
    return [value_of({top: value}, column) for value in batch[top]]


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
    for step in column.split("."):
        if isinstance(features, datasets.Translation):
            return datasets.Value("string") if step in features.languages else None
        if not isinstance(features, dict) or step not in features:
            return None
        features = features[step]
    return features
