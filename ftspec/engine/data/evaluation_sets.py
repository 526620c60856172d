"""The rows of named sets: read and encoded as those of the splits, by the task that was fitted to
the training rows."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import datasets
import pyarrow.compute as pc

from ftspec.cache import cache_folder
from ftspec.engine.components.factories import build, make_contexts
from ftspec.engine.data.cache_key import CacheKey, key_of_set, obstacle_of
from ftspec.engine.data.columns import Rows
from ftspec.engine.data.empty_texts import describe_empty_texts
from ftspec.engine.data.encoding import encode_rows
from ftspec.engine.data.fields import render_fields
from ftspec.engine.data.loaded_rows import load_set, rows_of_set
from ftspec.engine.data.preparation import Preparation
from ftspec.engine.data.row_cache import ENCODED, FIELDS, NOTES, RowCache, RowFolders
from ftspec.engine.data.row_groups import group_values, source_with
from ftspec.engine.processes.group import ALONE, Group
from ftspec.engine.progress.run_log import RunLog, drop_note
from ftspec.errors import RunError
from ftspec.planning.evaluation_set import PlannedSet
from ftspec.planning.plan import Plan
from ftspec.protocols import Source, Task

_IGNORED = -100


@dataclass(frozen=True, kw_only=True)
class PreparedSet:
    """The rows of a set.

    Attributes:
        encoded: model inputs.
        fields: the rendered fields from which they were encoded.
        source: what its source records of its rows.
        has_own_source: whether that is not the source of the spec.
        folder: of the files of these rows; a stream has none.
        scratch: the folder of rows that are not kept in the cache; it is removed with this object.
        groups: for each column of ``by`` its values, one for each of the fields. Only the first of
            several processes has them.
    """

    encoded: Rows
    fields: Rows
    source: Mapping[str, Any]
    has_own_source: bool
    folder: Path | None = None
    scratch: TemporaryDirectory[str] | None = None
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)


def prepare_sets(
    plan: Plan, data: Preparation, log: RunLog, group: Group = ALONE
) -> dict[str, PreparedSet]:
    """Every set of the plan with references, from the cache if it is there. In a ``group`` of
    processes the first on each machine prepares the rows, and the others map the same files.

    Raises:
        RunError: the rows of a set are not there, or do not fit the task.
        AnotherFailedError: the process that prepares the rows failed.
        MissingExtraError: a package is not installed.
    """
    prepared = {}
    for one in plan.evaluation.values():
        if plan.is_measured(one.name):
            asked = _Set(plan, one, data, log)
            made = asked.prepare(group)
            groups = asked.groups(made.fields) if group.launch.is_first else {}
            prepared[one.name] = replace(made, groups=groups)
        else:
            log.note(
                f"{one.name}: it has no references, so the run does not measure it; predictions: "
                f"ftspec evaluate RUN_DIR --split {one.name}"
            )
    return prepared


@contextmanager
def at_place_of(planned: PlannedSet) -> Iterator[None]:
    """Inside, an error in the data of the set names the set and its place."""
    try:
        yield
    except RunError as error:
        said = planned.name in error.headline
        raise RunError(
            error.headline if said else f'{error.headline} (in the set "{planned.name}")',
            slug=error.slug,
            at=planned.place_of(error.at),
            helps=error.helps,
        ) from error


@dataclass(frozen=True)
class _Set:
    """The preparation of one set."""

    plan: Plan
    planned: PlannedSet
    data: Preparation
    log: RunLog

    def prepare(self, group: Group) -> PreparedSet:
        name = self.planned.name
        place = f"set {name} on {group.launch.machine}"
        with at_place_of(self.planned):
            own = self.plan.of_set(name)
            source = cast(Source, build(own.source, make_contexts(own, self.log.note)))
            identity = source.identity()
            if not group.launch.is_first_on_machine:
                made = RowFolders.from_json(group.wait_for(place))
                if name in made.splits:
                    rows = made.open()[name]
                    return self._prepared(rows.encoded, rows.fields, identity)
            prepared = self._prepare(own, source, identity)
            if group.launch.is_first_on_machine and not group.launch.is_alone:
                folders = {} if prepared.folder is None else {name: prepared.folder}
                group.post(place, RowFolders(folders, None).to_json())
            return prepared

    def groups(self, fields: Rows) -> Mapping[str, Sequence[str]]:
        """The values of the columns of ``by``, in the order of the fields."""
        name, by = self.planned.name, self.planned.by
        if not by:
            return {}
        if not isinstance(fields, datasets.Dataset):
            self.log.note(
                f'{name}: it is a stream, which only "ftspec evaluate RUN_DIR --split {name}" '
                f"measures by {', '.join(by)}"
            )
            return {}
        with at_place_of(self.planned):
            own = self.plan.of_set(name)
            rows = rows_of_set(own, self.planned, source_with(own, by, drop_note), drop_note)
            return group_values(rows, by, (*self.planned.at, "by"))

    def _prepare(self, own: Plan, source: Source, identity: Mapping[str, Any]) -> PreparedSet:
        cache = RowCache(cache_folder(), self.plan.mask_all)
        obstacle = self.data.obstacle or obstacle_of(own, identity)
        key = key_of_set(own, self.planned, identity, self.data.training_key)
        if obstacle is not None:
            return self._make(own, source, identity, cache, key, is_kept=False)
        known = self._find(cache, key, identity)
        if known is not None:
            return known
        with cache.only_one(key.key, self.log.note):
            # another process may have prepared them while this one waited
            return self._find(cache, key, identity) or self._make(
                own, source, identity, cache, key, is_kept=True
            )

    def _find(
        self, cache: RowCache, key: CacheKey, identity: Mapping[str, Any]
    ) -> PreparedSet | None:
        known = cache.open(key)
        if known is None:
            return None
        self.log.note(f"{self.planned.name}: {len(known.fields):,} rows, prepared before")
        for note in known.notes:
            self.log.note(note)
        return self._prepared(known.encoded, known.fields, identity, folder=known.folder)

    def _prepared(
        self, encoded: Rows, fields: Rows, identity: Mapping[str, Any], **where: Any
    ) -> PreparedSet:
        return PreparedSet(
            encoded=encoded,
            fields=fields,
            source=identity,
            has_own_source=self.planned.source is not None,
            **where,
        )

    def _make(
        self,
        own: Plan,
        source: Source,
        identity: Mapping[str, Any],
        cache: RowCache,
        key: CacheKey,
        *,
        is_kept: bool,
    ) -> PreparedSet:
        name = self.planned.name
        scratch = cache.scratch(key.key)
        folder = Path(scratch.name) / "rows"
        folder.mkdir()
        rows = load_set(own, self.planned, source, self.log)
        fields = render_fields(rows, own.template, folder / FIELDS)
        with self.log.remembering() as notes:
            for text in describe_empty_texts(fields, own):
                self.log.note(f"warning: {name}: {text}")
            encoded = encode_rows(fields, name, evaluating(self.data.task), folder / ENCODED)
            unknown = _count_unknown(encoded)
            if unknown:
                self.log.note(
                    f"{name}: {unknown:,} rows have a label that training did not have: they "
                    "count as errors"
                )
        (folder / NOTES).write_text(json.dumps(notes), encoding="utf-8")
        if not isinstance(encoded, datasets.Dataset):
            return self._prepared(encoded, fields, identity, scratch=scratch)
        if is_kept and source.identity() == identity:
            about = {"name": self.plan.name, "split": name, "rows": len(fields)}
            kept = cache.keep(folder, key, about)
            return self._prepared(kept.encoded, kept.fields, identity, folder=kept.folder)
        return self._prepared(encoded, fields, identity, folder=folder, scratch=scratch)


def evaluating(task: Task) -> Task:
    """The task for rows with answers that training may not have."""
    own = copy.copy(task)
    own.accepts_unknown_answers = True
    return own


def _count_unknown(encoded: Rows) -> int:
    """How many rows have one label, and training did not have it."""
    if not isinstance(encoded, datasets.Dataset) or "labels" not in encoded.column_names:
        return 0
    feature = encoded.features["labels"]
    if not isinstance(feature, datasets.Value) or "int" not in feature.dtype:
        return 0
    labels = encoded.with_format("arrow")["labels"][:]
    return int(pc.sum(pc.equal(labels, _IGNORED)).as_py() or 0)
