"""The rows of splits as the source and the transforms give them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import datasets

from ftspec.engine.components.factories import build, make_contexts
from ftspec.engine.data.columns import Rows
from ftspec.engine.data.splits import load_splits
from ftspec.engine.patches.dataset_cache import no_dataset_cache
from ftspec.engine.progress.run_log import RunLog
from ftspec.planning.plan import Plan
from ftspec.protocols import Source


def load_rows(
    plan: Plan, source: Source, splits: Collection[str], log: RunLog
) -> Mapping[str, Rows]:
    """The transformed rows of these splits. The log says how many they are.

    Raises:
        RunError: the source has no such split, or a split has no rows.
    """
    if not splits:
        return {}
    transforms = [build(transform, make_contexts(plan, log.note)) for transform in plan.transforms]

    def transform(rows: Rows) -> Rows:
        for one in transforms:
            rows = one.apply(rows)
        return rows

    with no_dataset_cache():
        rows = load_splits(source, plan.splits, plan.seed, transform, splits)
    for split, part in rows.items():
        count = f"{len(part):,} rows" if isinstance(part, datasets.Dataset) else "a stream"
        log.note(f"{split}: {count}")
    return rows
