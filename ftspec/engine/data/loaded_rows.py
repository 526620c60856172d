"""The rows of splits as the source and the transforms give them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import datasets

from ftspec.diagnostics.suggest import one_of
from ftspec.engine.components.factories import build, make_contexts
from ftspec.engine.data.columns import Rows
from ftspec.engine.data.splits import load_splits, take_slice
from ftspec.engine.patches.dataset_cache import no_dataset_cache
from ftspec.engine.progress.run_log import Note, RunLog
from ftspec.errors import RunError
from ftspec.planning.evaluation_set import PlannedSet
from ftspec.planning.plan import Plan
from ftspec.protocols import Source


def load_rows(
    plan: Plan,
    source: Source,
    splits: Collection[str],
    log: RunLog,
    called: Mapping[str, str] | None = None,
) -> Mapping[str, Rows]:
    """The transformed rows of these splits. The log says how many they are; of those that are
    ``called`` something else by that name.

    Raises:
        RunError: the source has no such split, or a split has no rows.
    """
    if not splits:
        return {}
    with no_dataset_cache():
        rows = load_splits(source, plan.splits, plan.seed, _transform_of(plan, log.note), splits)
    for split, part in rows.items():
        log.note(f"{(called or {}).get(split, split)}: {_count(part)}")
    return rows


def load_set(plan: Plan, planned: PlannedSet, source: Source, log: RunLog) -> Rows:
    """The transformed rows of a set. The log says how many they are.

    Args:
        plan: that of the set, with its transforms.
        planned: the set.
        source: of the set.
        log: of the run.

    Raises:
        RunError: the source has no such rows, or there are none.
    """
    rows = rows_of_set(plan, planned, source, log.note)
    if isinstance(rows, datasets.Dataset) and len(rows) == 0:
        raise RunError(
            f'the set "{planned.name}" has no rows',
            slug="empty-split",
            at=planned.at,
            helps=("check its slice, and the transforms that drop rows",),
        )
    log.note(f"{planned.name}: {_count(rows)}")
    return rows


def rows_of_set(plan: Plan, planned: PlannedSet, source: Source, note: Note) -> Rows:
    """The same, not counted. Transforms say what they do with ``note``.

    Raises:
        RunError: the source has no such rows.
    """
    written = planned.slice or _only_split(source, planned)
    with no_dataset_cache():
        return _transform_of(plan, note)(take_slice(source, written, planned.at))


def _transform_of(plan: Plan, note: Note) -> Callable[[Rows], Rows]:
    transforms = [build(transform, make_contexts(plan, note)) for transform in plan.transforms]

    def transform(rows: Rows) -> Rows:
        for one in transforms:
            rows = one.apply(rows)
        return rows

    return transform


def _only_split(source: Source, planned: PlannedSet) -> str:
    """The split of a source that has one."""
    names = list(source.split_names())
    if len(names) == 1:
        return names[0]
    raise RunError(
        f'the set "{planned.name}" needs a slice: its source has {len(names)} splits',
        slug="bad-split",
        at=planned.at,
        helps=(one_of(names),) if names else (),
    )


def _count(rows: Rows) -> str:
    return f"{len(rows):,} rows" if isinstance(rows, datasets.Dataset) else "a stream"
