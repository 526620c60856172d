"""What is known of rows, by what a task says of them."""

from __future__ import annotations

from collections.abc import Callable

from ftspec.engine.scores.classes import summarise_class_sets, summarise_classes
from ftspec.engine.scores.documents import summarise_documents
from ftspec.engine.scores.summary import Columns, Summary
from ftspec.engine.scores.texts import summarise_texts
from ftspec.engine.scores.values import summarise_values


def summarise(columns: Columns, seed: int | None) -> Summary:
    """Values, tables and curves of rows, by the form of their predictions; nothing of other forms.

    Args:
        columns: what ``Task.describe`` gives.
        seed: of the draws for intervals; ``None`` for none.
    """
    found = _function_for(columns)
    return Summary(seed) if found is None else found(columns, seed)


def _function_for(columns: Columns) -> Callable[[Columns, int | None], Summary] | None:
    if {"loss", "tokens"} <= columns.keys():
        return summarise_documents
    if not {"reference", "prediction"} <= columns.keys() or not len(columns["reference"]):
        return None
    right, given = columns["reference"][0], columns["prediction"][0]
    if "scores" in columns:
        if isinstance(given, str):
            return summarise_classes
        return summarise_class_sets if isinstance(given, list) else None
    if isinstance(right, str) and isinstance(given, str):
        return summarise_texts
    if isinstance(right, float) and isinstance(given, float):
        return summarise_values
    return None
