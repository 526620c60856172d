"""From a source to the rows of each split: slices of the source, and rows held out of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

import datasets
import numpy as np

from ftspec.diagnostics.suggest import did_you_mean, one_of
from ftspec.document.paths import SpecPath
from ftspec.errors import RunError
from ftspec.protocols import Source
from ftspec.spec.column_path import MissingColumnError, value_of
from ftspec.spec.data import Split, Splits

Rows: TypeAlias = datasets.Dataset | datasets.IterableDataset

_AT: SpecPath = ("data", "splits")

_FROM_THE_START = re.compile(r"([\w.]+)(?:\[(\d*):(\d*)\])?")
"""The only kind of slice that a stream has: one part, with row numbers from the start."""


def load_splits(
    source: Source,
    splits: Splits,
    seed: int,
    transform: Callable[[Rows], Rows],
    wanted: Collection[str] | None = None,
) -> dict[str, Rows]:
    """The rows of each ``wanted`` split, by default of all, in the order train, validation, test.

    Slices are read and transformed first, then rows are held out of them. So duplicates that a
    transform removes cannot be in two splits.

    Raises:
        RunError: the source has no such split, or a split has no rows.
    """
    every = splits.named()
    wanted = every if wanted is None else wanted
    bases = {every[name].from_ or name for name in wanted}
    named = {name: split for name, split in every.items() if (split.from_ or name) in bases}
    rows: dict[str, Rows] = {}
    for name, split in named.items():
        if split.slice is not None:
            rows[name] = transform(_slice(source, split.slice, (*_AT, name)))
    for name, split in named.items():
        if split.from_ is not None:
            rows[split.from_], rows[name] = _hold_out(
                rows[split.from_], split, split.seed if split.seed is not None else seed, name
            )
    for name, part in rows.items():
        if isinstance(part, datasets.Dataset) and len(part) == 0:
            raise RunError(
                f"the {name} split has no rows",
                slug="empty-split",
                at=(*_AT, name),
                helps=("check its slice, and the transforms that drop rows",),
            )
    return {name: rows[name] for name in named if name in wanted}


def _slice(source: Source, written: str, at: SpecPath) -> Rows:
    """The rows of a slice such as ``train[:10%]+validation[100:]``."""
    try:
        instruction = datasets.ReadInstruction.from_spec(written)
    except (ValueError, AssertionError) as error:
        raise RunError(
            f'"{written}" is not a slice of a split: {error}',
            slug="bad-slice",
            at=at,
            helps=('write, for example, "train[:1000]" or "train[:10%]"',),
        ) from None
    # in the spelling of datasets, without spaces
    wanted = dict.fromkeys(part.partition("[")[0] for part in instruction.to_spec().split("+"))
    known = source.split_names()
    for name in wanted:
        if name not in known:
            raise RunError(
                f'the source has no split "{name}"',
                slug="unknown-split",
                at=at,
                helps=(*did_you_mean(name, known), one_of(known)),
            )
    loaded = {name: source.load(name) for name in wanted}
    streamed = any(not isinstance(part, datasets.Dataset) for part in loaded.values())
    if streamed:
        return _slice_stream(instruction.to_spec(), loaded, written, at)
    sizes = {name: len(part) for name, part in loaded.items()}
    try:
        stretches = instruction.to_absolute(sizes)
    except (ValueError, AssertionError) as error:
        raise RunError(
            f'cannot take the slice "{written}": {error}', slug="bad-slice", at=at
        ) from None
    parts = []
    for stretch in stretches:
        part = loaded[stretch.splitname]
        start, end = stretch.from_ or 0, len(part) if stretch.to is None else stretch.to
        is_all = (start, end) == (0, len(part))
        parts.append(part if is_all else part.select(range(start, end) if start < end else []))
    return parts[0] if len(parts) == 1 else datasets.concatenate_datasets(parts)


def _slice_stream(
    spec: str, loaded: Mapping[str, Any], written: str, at: SpecPath
) -> datasets.IterableDataset:
    only = _FROM_THE_START.fullmatch(spec)
    if only is None:
        raise RunError(
            f'the slice "{written}" needs the number of rows, which a stream does not know',
            slug="bad-slice",
            at=at,
            helps=('write a slice such as "train[:1000]", or remove "streaming: true"',),
        )
    split, start, end = only.groups()
    rows: datasets.IterableDataset = loaded[split]
    first = int(start or 0)
    if first:
        rows = rows.skip(first)
    return rows.take(int(end) - first) if end else rows


def _hold_out(rows: Rows, split: Split, seed: int, name: str) -> tuple[Rows, Rows]:
    """The rows that stay and the rows held out, both in their order."""
    at = (*_AT, name)
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
        ) from None
    return rows.select(sorted(kept.tolist())), rows.select(sorted(held_out.tolist()))


def _column(rows: datasets.Dataset, column: str, at: SpecPath) -> np.ndarray[Any, Any]:
    top = column if column in rows.column_names else column.partition(".")[0]
    if top not in rows.column_names:
        raise unknown_column(column, rows, at)
    try:
        values = [value_of(row, column) for row in rows.select_columns([top])]
    except MissingColumnError:
        raise unknown_column(column, rows, at) from None
    return np.array([str(value) for value in values])


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
