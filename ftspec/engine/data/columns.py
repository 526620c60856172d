"""The columns of rows, and the error for one that they do not have."""

from __future__ import annotations

from typing import Any, TypeAlias

import datasets

from ftspec.diagnostics.suggest import did_you_mean
from ftspec.document.paths import SpecPath
from ftspec.errors import RunError

Rows: TypeAlias = datasets.Dataset | datasets.IterableDataset


def unknown_column(column: str, rows: Rows, at: SpecPath) -> RunError:
    """The error for a column that rows do not have. It names those that they have."""
    names = columns_of(rows)
    return RunError(
        f'the rows have no column "{column}"',
        slug="unknown-column",
        at=at,
        helps=(
            *did_you_mean(column, names),
            "they have " + ", ".join(f'"{name}"' for name in names),
        ),
    )


def columns_of(rows: Rows) -> list[str]:
    """The columns. The name of a nested one has dots."""
    features = rows.features
    if features is None:
        first: dict[str, Any] = next(iter(rows.take(1)), {})
        return list(first)
    return [name for key, feature in features.items() for name in _dotted(key, feature)]


def _dotted(name: str, feature: Any) -> list[str]:
    if isinstance(feature, datasets.Translation):
        return [f"{name}.{language}" for language in feature.languages]
    if isinstance(feature, dict):
        return [
            inner for key, value in feature.items() for inner in _dotted(f"{name}.{key}", value)
        ]
    return [name]
