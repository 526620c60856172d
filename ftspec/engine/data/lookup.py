"""Why a run would find its rows in the cache, or would not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ftspec.cache import CacheEntry, cache_folder, entries_in, read_entry
from ftspec.engine.data.cache_key import Ingredients, read_basis
from ftspec.engine.data.row_cache import is_whole
from ftspec.engine.model.checkpoint import locate
from ftspec.engine.progress.run_log import RunLog, Watcher, quiet_libraries
from ftspec.planning.plan import Plan

_HASH = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Change:
    """An ingredient that is not as it was; ``before`` and ``now`` are alike where it is secret."""

    place: str
    before: str
    now: str


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """What the cache has of a split.

    Attributes:
        entry: the rows themselves, or those of the nearest ingredients.
        is_hit: whether they are the rows themselves, whole.
        is_damaged: whether they are the rows themselves and no longer as they were written.
        changes: what differs from the nearest.
    """

    split: str
    entry: CacheEntry | None
    is_hit: bool = False
    is_damaged: bool = False
    changes: tuple[Change, ...] = ()


def look_up(plan: Plan, watcher: Watcher) -> tuple[list[Lookup], str | None]:
    """What the cache has for each split; or why nothing of this plan is kept.

    Raises:
        RunError: the plan does not fit the data or the checkpoint.
        MissingExtraError: a package is not installed.
    """
    quiet_libraries()
    written = plan.model.checkpoint
    checkpoint = locate(written, plan.model.revision) if written is not None else None
    with (
        TemporaryDirectory(prefix="ftspec-") as folder,
        RunLog(Path(folder, "log.txt"), watcher, plan.mask) as log,
    ):
        basis = read_basis(plan, checkpoint, log)
    if basis.obstacle is not None:
        return [], basis.obstacle
    entries = entries_in(cache_folder())
    return [
        _look_up(split, ingredients, entries, plan)
        for split, ingredients in basis.ingredients.items()
    ], None


def _look_up(split: str, ingredients: Ingredients, entries: list[CacheEntry], plan: Plan) -> Lookup:
    own = read_entry(cache_folder() / ingredients.key)
    if own.path.is_dir():
        whole = is_whole(own)
        return Lookup(split=split, entry=own, is_hit=whole, is_damaged=not whole)
    alike = [entry for entry in entries if entry.record.get("split") == split]
    # the first of equals is the one used last
    nearest = max(alike, key=lambda entry: _likeness(entry, ingredients), default=None)
    if nearest is None:
        return Lookup(split=split, entry=None)
    now = plan.mask_all(json.loads(json.dumps(ingredients.values, default=str)))
    before = nearest.record.get("ingredients", {})
    known = nearest.record.get("digests", {})
    changes = [
        change
        for name, digest in ingredients.digests.items()
        if known.get(name) != digest
        for change in _differences(name, before.get(name), now[name])
    ]
    return Lookup(split=split, entry=nearest, changes=tuple(changes))


def _likeness(entry: CacheEntry, ingredients: Ingredients) -> int:
    known = entry.record.get("digests", {})
    return sum(known.get(name) == digest for name, digest in ingredients.digests.items())


def _differences(place: str, before: Any, now: Any) -> list[Change]:
    """The innermost values that differ; a secret shows no difference, and is one."""
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
