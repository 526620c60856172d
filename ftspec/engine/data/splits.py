"""From a source to the rows of each split: slices of the source, and rows held out of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

import datasets

from ftspec.diagnostics.suggest import did_you_mean, one_of
from ftspec.document.paths import SpecPath
from ftspec.engine.data.columns import Rows
from ftspec.engine.data.held_out import hold_out
from ftspec.errors import RunError
from ftspec.protocols import Source
from ftspec.spec.data import Splits

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
            rows[name] = transform(take_slice(source, split.slice, (*_AT, name)))
    for name, split in named.items():
        if split.from_ is not None:
            rows[split.from_], rows[name] = hold_out(
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


def take_slice(source: Source, written: str, at: SpecPath) -> Rows:
    """The rows of a slice such as ``train[:10%]+validation[100:]``, which is written at ``at``.

    Raises:
        RunError: the source has no such rows.
    """
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
