"""From a plan to rows the model takes: loaded, rendered, tokenized; or as they were prepared
before."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import datasets
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from ftspec.cache import cache_folder
from ftspec.engine.components.factories import build, context_maker
from ftspec.engine.data.cache_key import STREAM, PreparationInputs, contents_of, read_inputs
from ftspec.engine.data.encoding import encode_rows
from ftspec.engine.data.fields import render_fields
from ftspec.engine.data.row_cache import (
    ENCODED,
    FIELDS,
    NOTES,
    TOKENIZER,
    PreparedRows,
    RowCache,
    RowFolders,
)
from ftspec.engine.data.splits import Rows, load_splits
from ftspec.engine.data.task import build_task, lengths_of
from ftspec.engine.data.tokenizer import build_tokenizer, forget_lengths
from ftspec.engine.model.checkpoint import Checkpoint
from ftspec.engine.model.length_limits import Lengths
from ftspec.engine.processes.group import ALONE, Group
from ftspec.engine.progress.run_log import RunLog
from ftspec.errors import RunError
from ftspec.planning.plan import Plan
from ftspec.protocols import Task


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What training needs beside the model.

    Attributes:
        tokenizer: with a padding token.
        task: fitted to the training split.
        lengths: what rows were cut to.
        encoded: model inputs of each split.
        fields: the rendered fields they were encoded from.
        source: what the source records of its rows.
        folders: where the files of these rows are.
        scratch: holds the files of rows that could not be kept.
    """

    tokenizer: PreTrainedTokenizerBase
    task: Task
    lengths: Lengths
    encoded: Mapping[str, Rows]
    fields: Mapping[str, Rows]
    source: Mapping[str, Any]
    folders: RowFolders
    scratch: TemporaryDirectory[str] | None = None


def prepare(
    plan: Plan, checkpoint: Checkpoint | None, log: RunLog, group: Group = ALONE
) -> Preparation:
    """Every split of the plan, from the cache where it was prepared before. Of a ``group`` of
    processes the first on each machine prepares, and the others map the same files.

    Raises:
        RunError: the plan does not fit the data or the checkpoint.
        AnotherFailedError: the process that prepares them failed.
        MissingExtraError: a package is not installed.
    """
    inputs = read_inputs(plan, checkpoint, log)
    cache = RowCache(cache_folder(), plan.mask_all)
    if not group.launch.is_first_on_machine:
        made = RowFolders.from_json(group.wait_for(_told_on_machine(group)))
        return _complete(plan, checkpoint, inputs, made.open(), cache, log, made.tokenizer)
    found = _find(cache, inputs, inputs.cache_keys)
    if len(found) == len(inputs.cache_keys):
        data = _complete(plan, checkpoint, inputs, found, cache, log)
    else:
        with cache.only_one(inputs.key, log.note):
            # another process may have made them meanwhile
            missing = [split for split in inputs.cache_keys if split not in found]
            found |= _find(cache, inputs, missing)
            data = _complete(plan, checkpoint, inputs, found, cache, log)
    if not group.launch.is_alone:
        group.post(_told_on_machine(group), data.folders.to_json())
        _check_rows_of_machines(inputs, data, group)
    return data


def _told_on_machine(group: Group) -> str:
    return f"rows on {group.launch.machine}"


def _check_rows_of_machines(inputs: PreparationInputs, data: Preparation, group: Group) -> None:
    """Refuse to learn from other rows on one machine than on another."""
    own = dict(inputs.cache_keys["train"].digests)
    if inputs.tokenizer is None:
        own["learned tokenizer"] = ",".join(map(str, contents_of(data.tokenizer).values()))
    if group.launch.is_first:
        group.post("cache key", own)
        return
    first = group.wait_for("cache key")
    differing = sorted(name for name in own if own[name] != first.get(name))
    if differing:
        raise RunError(
            f"this machine prepared other rows than the first: {', '.join(differing)} differ",
            slug="machines-differ",
            at=("data",),
            helps=("give all machines the same files, packages and versions",),
        )


def _find(
    cache: RowCache, inputs: PreparationInputs, splits: Collection[str]
) -> dict[str, PreparedRows]:
    """The splits among these that were prepared before."""
    if inputs.obstacle is not None:
        return {}
    opened = {split: cache.open(inputs.cache_keys[split]) for split in splits}
    return {split: rows for split, rows in opened.items() if rows is not None}


def _complete(
    plan: Plan,
    checkpoint: Checkpoint | None,
    inputs: PreparationInputs,
    found: Mapping[str, PreparedRows],
    cache: RowCache,
    log: RunLog,
    learned: Path | None = None,
) -> Preparation:
    """Make what was not found, and keep it. ``learned`` is the folder of the tokenizer where it was
    learned from the rows."""
    for split, known in found.items():
        log.note(f"{split}: {len(known.fields):,} rows, prepared before")
        for note in known.notes:
            log.note(note)
    missing = [split for split in inputs.cache_keys if split not in found]
    scratch = cache.scratch(inputs.key) if missing else None
    folder = Path(scratch.name) if scratch is not None else Path()
    fields: dict[str, Rows] = {split: known.fields for split, known in found.items()}
    encoded: dict[str, Rows] = {split: known.encoded for split, known in found.items()}
    folders = {split: known.folder for split, known in found.items()}
    for split, rows in _load_rows(plan, inputs, missing, log).items():
        (folder / split).mkdir()
        fields[split] = render_fields(rows, plan.template, folder / split / FIELDS)
    tokenizer = inputs.tokenizer
    if tokenizer is None:
        in_cache = (known.tokenizer for known in found.values() if known.tokenizer)
        learned = learned or next(in_cache, None)
        learned = learned or _learn_tokenizer(plan, checkpoint, fields["train"], folder, log)
        # loaded even where it was learned just now: a later run must find the very same
        tokenizer = cast(PreTrainedTokenizerBase, AutoTokenizer.from_pretrained(learned))
    lengths = lengths_of(plan, tokenizer, inputs.config, log.note)
    task = build_task(plan, tokenizer, lengths, log.note)
    task.fit(fields["train"], fields["train"].features)
    for split in missing:
        with log.remembering() as notes:
            encoded[split] = encode_rows(fields[split], split, task, folder / split / ENCODED)
        if isinstance(encoded[split], datasets.Dataset):
            folders[split] = folder / split
        (folder / split / NOTES).write_text(json.dumps(notes), encoding="utf-8")
    forget_lengths(tokenizer)
    obstacle = inputs.obstacle
    if any(not isinstance(rows, datasets.Dataset) for rows in encoded.values()):
        obstacle = STREAM
    elif missing and inputs.source.identity() != inputs.identity:
        obstacle = "the source changed meanwhile"
    if obstacle is not None:
        log.note(f"the prepared rows are not kept: {obstacle}")
    else:
        for split in missing:
            if learned is not None:
                shutil.copytree(learned, folder / split / TOKENIZER)
            about = {"name": plan.name, "split": split, "rows": len(fields[split])}
            kept = cache.keep(folder / split, inputs.cache_keys[split], about)
            fields[split], encoded[split] = kept.fields, kept.encoded
            folders[split], learned = kept.folder, kept.tokenizer
        scratch = None
    return Preparation(
        tokenizer=tokenizer,
        task=task,
        lengths=lengths,
        encoded={split: encoded[split] for split in inputs.cache_keys},
        fields={split: fields[split] for split in inputs.cache_keys},
        source=inputs.identity,
        folders=RowFolders(folders, learned),
        scratch=scratch,
    )


def _learn_tokenizer(
    plan: Plan, checkpoint: Checkpoint | None, rows: Rows, folder: Path, log: RunLog
) -> Path:
    """The folder of the tokenizer learned from the fields of the training split."""

    def texts() -> Iterator[list[str]]:
        for batch in rows.iter(batch_size=1000):
            for name in _text_fields(plan):
                yield list(_texts_in(batch[name]))

    tokenizer = build_tokenizer(plan, checkpoint, texts, log.note)
    tokenizer.save_pretrained(folder / TOKENIZER)
    return folder / TOKENIZER


def _load_rows(
    plan: Plan, inputs: PreparationInputs, splits: Collection[str], log: RunLog
) -> Mapping[str, Rows]:
    """The rows of these splits, transformed."""
    if not splits:
        return {}
    transforms = [build(transform, context_maker(plan, log)) for transform in plan.transforms]

    def transform(rows: Rows) -> Rows:
        for one in transforms:
            rows = one.apply(rows)
        return rows

    with _reusing_nothing():
        rows = load_splits(inputs.source, plan.splits, plan.seed, transform, splits)
    for split, part in rows.items():
        count = f"{len(part):,} rows" if isinstance(part, datasets.Dataset) else "a stream"
        log.note(f"{split}: {count}")
    return rows


@contextmanager
def _reusing_nothing() -> Iterator[None]:
    """While it lasts, datasets takes no transformed rows from its own cache: it knows a function by
    its name, and not by what an upgraded plugin makes of it."""
    was_enabled = datasets.is_caching_enabled()
    datasets.disable_caching()
    try:
        yield
    finally:
        if was_enabled:
            datasets.enable_caching()


def _text_fields(plan: Plan) -> list[str]:
    fields = plan.task.component.fields
    return [field.name for field in fields if field.type != "label" and field.name in plan.template]


def _texts_in(value: Any) -> Iterator[str]:
    """The texts in a value of any shape, such as the messages of a conversation."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts_in(list(value.values()))
    elif isinstance(value, list):
        for item in value:
            yield from _texts_in(item)
