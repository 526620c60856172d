"""Whether a run would find its rows in the cache, and if not, why."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ftspec.cache import CacheEntry, cache_folder, entries_in, read_entry
from ftspec.engine.components.factories import build, make_contexts
from ftspec.engine.data.cache_key import (
    CacheKey,
    PreparationInputs,
    key_of_set,
    obstacle_of,
    read_inputs,
)
from ftspec.engine.data.evaluation_sets import at_place_of
from ftspec.engine.data.row_cache import is_whole
from ftspec.engine.data.source_splits import settle_splits
from ftspec.engine.model.checkpoint import locate
from ftspec.engine.patches.quiet_libraries import quiet_libraries
from ftspec.engine.patches.reliable_hub import reliable_hub
from ftspec.engine.progress.run_log import RunLog, Watcher
from ftspec.planning.plan import Plan
from ftspec.protocols import Source

_HASH = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Change:
    """A value of the cache key that changed; ``before`` and ``now`` are equal for a secret."""

    place: str
    before: str
    now: str


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """What the cache has of a split.

    Attributes:
        entry: the one with the cache key, or the one with the nearest cache key.
        is_hit: whether the entry has this cache key, and its files are as they were written.
        is_damaged: whether the entry has this cache key, and a file is not as it was written.
        obstacle: why the rows of this set are never kept, if they are not.
        changes: how the cache key differs from that of the nearest entry.
    """

    split: str
    entry: CacheEntry | None
    is_hit: bool = False
    is_damaged: bool = False
    changes: tuple[Change, ...] = ()
    obstacle: str | None = None


def look_up(plan: Plan, watcher: Watcher) -> tuple[list[Lookup], str | None]:
    """What the cache has for each split and each set; or why it cannot have rows of this plan.

    Raises:
        RunError: the plan does not fit the data or the checkpoint.
        MissingExtraError: a package is not installed.
    """
    written = plan.model.checkpoint
    checkpoint = locate(written, plan.model.revision) if written is not None else None
    with (
        quiet_libraries(),
        TemporaryDirectory(prefix="ftspec-") as folder,
        RunLog(Path(folder, "log.txt"), watcher, plan.mask) as log,
        reliable_hub(log.note),
    ):
        plan = settle_splits(plan, log)
        inputs = read_inputs(plan, checkpoint, log)
        of_sets = [] if inputs.obstacle else list(_keys_of_sets(plan, inputs, log))
    if inputs.obstacle is not None:
        return [], inputs.obstacle
    entries = entries_in(cache_folder())
    found = [
        _look_up(split, cache_key, entries, plan) for split, cache_key in inputs.cache_keys.items()
    ]
    for name, key, obstacle in of_sets:
        if obstacle is None:
            found.append(_look_up(name, key, entries, plan))
        else:
            found.append(Lookup(split=name, entry=None, obstacle=obstacle))
    return found, None


def _keys_of_sets(
    plan: Plan, inputs: PreparationInputs, log: RunLog
) -> Iterator[tuple[str, CacheKey, str | None]]:
    """The key of each set that a run measures, and why its rows cannot be kept, if they cannot."""
    training_key = inputs.cache_keys["train"].key
    for name, planned in plan.evaluation.items():
        if not plan.is_measured(name):
            continue
        with at_place_of(planned):
            own = plan.of_set(name)
            source: Source = build(own.source, make_contexts(own, log.note))
            identity = source.identity()
            key = key_of_set(own, planned, identity, training_key)
            yield name, key, obstacle_of(own, identity)


def _look_up(split: str, cache_key: CacheKey, entries: list[CacheEntry], plan: Plan) -> Lookup:
    own = read_entry(cache_folder() / cache_key.key)
    if own.path.is_dir():
        whole = is_whole(own)
        return Lookup(split=split, entry=own, is_hit=whole, is_damaged=not whole)
    alike = [entry for entry in entries if entry.record.get("split") == split]
    # among equals, the most recently used
    nearest = max(alike, key=lambda entry: _likeness(entry, cache_key), default=None)
    if nearest is None:
        return Lookup(split=split, entry=None)
    now = plan.mask_all(json.loads(json.dumps(cache_key.values, default=str)))
    before = nearest.record.get("cache_key", {})
    known = nearest.record.get("digests", {})
    changes = [
        change
        for name, digest in cache_key.digests.items()
        if known.get(name) != digest
        for change in _differences(name, before.get(name), now[name])
    ]
    return Lookup(split=split, entry=nearest, changes=tuple(changes))


def _likeness(entry: CacheEntry, cache_key: CacheKey) -> int:
    known = entry.record.get("digests", {})
    return sum(known.get(name) == digest for name, digest in cache_key.digests.items())


def _differences(place: str, before: Any, now: Any) -> list[Change]:
    """The innermost values that differ. A secret that differs has a change without values."""
    return list(_inner(place, before, now)) or [Change(place, "a secret", "a secret")]


def _inner(place: str, before: Any, now: Any) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for name in dict.fromkeys([*before, *now]):
            yield from _inner(f"{place}.{name}", before.get(name), now.get(name))
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, (old, new) in enumerate(zip(before, now, strict=True)):
            yield from _inner(f"{place}.{number}", old, new)
    elif before != now:
        yield Change(place, _shown(before), _shown(now))


def _shown(value: Any) -> str:
    if isinstance(value, str) and _HASH.fullmatch(value):
        return value[:12]
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
