"""Rows held out of a split, at random, by class or by group."""

from __future__ import annotations

from typing import Any

import datasets
import numpy as np

from ftspec.document.paths import SpecPath
from ftspec.engine.data.columns import Rows, unknown_column
from ftspec.errors import RunError
from ftspec.spec.column_path import MissingColumnError, value_of
from ftspec.spec.data import Split


def hold_out(rows: Rows, split: Split, seed: int, name: str) -> tuple[Rows, Rows]:
    """The rows that stay and the rows held out, both in their order.

    Raises:
        RunError: no such split can be made of the rows.
    """
    at = ("data", "splits", name)
    if not isinstance(rows, datasets.Dataset):
        raise RunError(
            "rows cannot be held out of a stream",
            slug="needs-all-rows",
            at=at,
            helps=('name a slice of the source, or remove "streaming: true"',),
        )
    assert split.fraction is not None
    from sklearn import model_selection  # takes a second, and most specs hold nothing out

    classes = groups = None
    draw = model_selection.ShuffleSplit
    if split.group_by is not None:
        groups = _column(rows, split.group_by, (*at, "group_by"))
        draw = model_selection.GroupShuffleSplit
    elif split.stratify_by is not None:
        classes = _column(rows, split.stratify_by, (*at, "stratify_by"))
        draw = model_selection.StratifiedShuffleSplit
    splitter = draw(1, test_size=split.fraction, random_state=seed)
    try:
        kept, held_out = next(splitter.split(np.zeros(len(rows)), classes, groups))
    except ValueError as error:
        raise RunError(
            f"cannot hold a fraction of {split.fraction:g} out of {len(rows):,} rows: {error}",
            slug="bad-split",
            at=at,
            helps=_helps_to_split(split, classes, groups),
        ) from None
    return rows.select(sorted(kept.tolist())), rows.select(sorted(held_out.tolist()))


def _helps_to_split(
    split: Split, classes: np.ndarray[Any, Any] | None, groups: np.ndarray[Any, Any] | None
) -> tuple[str, ...]:
    """What to write instead of a split that cannot be made."""
    if classes is not None:
        names, counts = np.unique(classes, return_counts=True)
        single = names[counts == 1]
        if len(single):
            return (
                f'only one row has "{single[0]}" in the column "{split.stratify_by}", and it '
                "cannot be in both splits",
                'add rows of this class, or remove "stratify_by"',
            )
        return (
            f'each split needs a row of each of the {len(names):,} classes: change "fraction", or '
            'remove "stratify_by"',
        )
    if groups is not None:
        count = len(np.unique(groups))
        return (
            f'the column "{split.group_by}" has {count:,} different values, and each split needs '
            "one",
        )
    return ('change "fraction", or add rows',)


def _column(rows: datasets.Dataset, column: str, at: SpecPath) -> np.ndarray[Any, Any]:
    top = column if column in rows.column_names else column.partition(".")[0]
    if top not in rows.column_names:
        raise unknown_column(column, rows, at)
    try:
        values = [value_of(row, column) for row in rows.select_columns([top])]
    except MissingColumnError:
        raise unknown_column(column, rows, at) from None
    return np.array([str(value) for value in values])
