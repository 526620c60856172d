"""From rows to the fields of the task: templates rendered over columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import datasets
from datasets.fingerprint import Hasher

from ftspec.engine.splits import Rows, columns_of, unknown_column
from ftspec.spec.template import MissingColumnError, Template, parse_template

_AT = ("preprocess", "template")


def render_fields(rows: Rows, template: Mapping[str, str]) -> Rows:
    """The rows with the fields of the template as their only columns.

    A bare placeholder keeps the type of its column, so that label names survive.

    Raises:
        RunError: a placeholder names a column that the rows have not.
    """
    templates = {name: parse_template(text) for name, text in template.items()}
    check_columns(rows, templates)
    render = _Render(templates)
    features = _features(rows.features, templates) if rows.features is not None else None
    if not isinstance(rows, datasets.Dataset):
        names = rows.column_names or columns_of(rows)
        removed = [name for name in names if name not in templates]
        return rows.map(render, batched=True, remove_columns=removed, features=features)
    return rows.map(
        render,
        batched=True,
        remove_columns=rows.column_names,
        features=features,
        new_fingerprint=Hasher.hash([rows._fingerprint, sorted(template.items())]),
        desc="rendering templates",
    )


def check_columns(rows: Rows, templates: Mapping[str, Template]) -> None:
    """Report the first placeholder without its column.

    Raises:
        RunError: there is one.
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
        names = list(batch)
        rows = [
            dict(zip(names, values, strict=True)) for values in zip(*batch.values(), strict=True)
        ]
        return {
            name: [template.render(row) for row in rows]
            for name, template in self._templates.items()
        }


def _features(
    known: datasets.Features, templates: Mapping[str, Template]
) -> datasets.Features | None:
    features = {}
    for name, template in templates.items():
        if template.bare_column is None:
            features[name] = datasets.Value("string")
        else:
            features[name] = _feature_at(known, template.bare_column)
    # a feature of unknown shape is left for datasets to infer from the values
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
