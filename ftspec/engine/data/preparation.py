"""From a plan to rows that the model takes: loaded, rendered and tokenized, or read from the
cache."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import datasets
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from ftspec.cache import cache_folder
from ftspec.engine.data.cache_key import STREAM, PreparationInputs, read_inputs
from ftspec.engine.data.columns import Rows
from ftspec.engine.data.empty_texts import describe_empty_texts
from ftspec.engine.data.encoding import encode_rows
from ftspec.engine.data.fields import render_fields
from ftspec.engine.data.loaded_rows import load_rows
from ftspec.engine.data.machines import require_equal_rows, rows_of_machine
from ftspec.engine.data.row_cache import (
    ENCODED,
    FIELDS,
    NOTES,
    TOKENIZER,
    PreparedRows,
    RowCache,
    RowFolders,
)
from ftspec.engine.data.task import build_task, lengths_of
from ftspec.engine.data.tokenizer import forget_lengths
from ftspec.engine.data.trained_tokenizer import train_tokenizer
from ftspec.engine.model.checkpoint import Checkpoint
from ftspec.engine.model.config import require_agreement
from ftspec.engine.model.length_limits import Lengths
from ftspec.engine.processes.group import ALONE, Group
from ftspec.engine.progress.run_log import RunLog
from ftspec.planning.plan import Plan
from ftspec.protocols import Task


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What training needs in addition to the model.

    Attributes:
        tokenizer: with a padding token.
        task: fitted to the training split.
        lengths: the maximum lengths of rows.
        encoded: model inputs of each split.
        fields: the rendered fields from which they were encoded.
        source: what the source records of its rows.
        folders: the folders of the files of these rows.
        checkpoint_labels: the names of the labels that the checkpoint brings.
        scratch: the folder of rows that are not kept in the cache; it is removed with this object.
        training_key: the cache key of the training rows.
        obstacle: why prepared rows cannot be kept, if they cannot.
    """

    tokenizer: PreTrainedTokenizerBase
    task: Task
    lengths: Lengths
    encoded: Mapping[str, Rows]
    fields: Mapping[str, Rows]
    source: Mapping[str, Any]
    folders: RowFolders
    checkpoint_labels: tuple[str, ...] = ()
    scratch: TemporaryDirectory[str] | None = None
    training_key: str = ""
    obstacle: str | None = None


def prepare(
    plan: Plan, checkpoint: Checkpoint | None, log: RunLog, group: Group = ALONE
) -> Preparation:
    """Every split of the plan, from the cache if it is there. In a ``group`` of processes the first
    on each machine prepares the rows, and the others map the same files.

    Raises:
        RunError: the plan does not fit the data or the checkpoint.
        AnotherFailedError: the process that prepares the rows failed.
        MissingExtraError: a package is not installed.
    """
    inputs = read_inputs(plan, checkpoint, log)
    cache = RowCache(cache_folder(), plan.mask_all)
    completion = _Completion(plan, checkpoint, inputs, cache, log)
    if not group.launch.is_first_on_machine:
        made = RowFolders.from_json(group.wait_for(rows_of_machine(group)))
        return completion.complete(made.open(), made.tokenizer)
    found = _find(cache, inputs, inputs.cache_keys)
    if len(found) == len(inputs.cache_keys):
        data = _complete(completion, found)
    else:
        with cache.only_one(inputs.key, log.note):
            # another process may have prepared them while this one waited
            missing = [split for split in inputs.cache_keys if split not in found]
            found |= _find(cache, inputs, missing)
            data = _complete(completion, found)
    if not group.launch.is_alone:
        group.post(rows_of_machine(group), data.folders.to_json())
        require_equal_rows(inputs, data.tokenizer, group)
    return data


def _complete(completion: _Completion, found: dict[str, PreparedRows]) -> Preparation:
    """Prepare what is missing; once more, if somebody removed entries of the cache meanwhile."""
    try:
        return completion.complete(found)
    except FileNotFoundError as error:
        if not completion.cache.has_lost(error):
            raise
        completion.log.note("prepared rows were removed from the cache: preparing them again")
    inputs = completion.inputs
    return completion.complete(_find(completion.cache, inputs, inputs.cache_keys))


def _find(
    cache: RowCache, inputs: PreparationInputs, splits: Collection[str]
) -> dict[str, PreparedRows]:
    """Those of these splits that are in the cache."""
    if inputs.obstacle is not None:
        return {}
    opened = {split: cache.open(inputs.cache_keys[split]) for split in splits}
    return {split: rows for split, rows in opened.items() if rows is not None}


@dataclass(frozen=True)
class _Completion:
    """Prepares the rows that are not in the cache."""

    plan: Plan
    checkpoint: Checkpoint | None
    inputs: PreparationInputs
    cache: RowCache
    log: RunLog

    def complete(
        self, found: Mapping[str, PreparedRows], trained: Path | None = None
    ) -> Preparation:
        """Prepare every split that was not found, and keep it in the cache.

        ``trained`` is the folder of the tokenizer, if it is trained on the rows and another process
        did that.
        """
        self._report(found)
        plan, inputs, log = self.plan, self.inputs, self.log
        missing = [split for split in inputs.cache_keys if split not in found]
        scratch = self.cache.scratch(inputs.key) if missing else None
        folder = Path(scratch.name) if scratch is not None else Path()
        fields: dict[str, Rows] = {split: known.fields for split, known in found.items()}
        encoded: dict[str, Rows] = {split: known.encoded for split, known in found.items()}
        folders = {split: known.folder for split, known in found.items()}
        for split, rows in load_rows(plan, inputs.source, missing, log).items():
            (folder / split).mkdir()
            fields[split] = render_fields(rows, plan.template, folder / split / FIELDS)
        tokenizer = inputs.tokenizer
        if tokenizer is None:
            trained = trained or self._find_or_train(found, fields["train"], folder)
            # loaded even if it was trained just now: a later run must find the same one
            tokenizer = cast(PreTrainedTokenizerBase, AutoTokenizer.from_pretrained(trained))
        lengths = lengths_of(plan, tokenizer, inputs.config, log.note)
        starts = None if plan.model.init == "random" else self.checkpoint
        names = inputs.checkpoint_labels
        task = build_task(plan, tokenizer, lengths, log.note, starts, names)
        task.fit(fields["train"], fields["train"].features)
        require_agreement(plan.model, task.model_settings())
        for split in missing:
            encoded[split] = self._encode(fields[split], split, task, folder / split)
            if isinstance(encoded[split], datasets.Dataset):
                folders[split] = folder / split
        forget_lengths(tokenizer)
        obstacle = self._obstacle(encoded.values(), is_new=bool(missing))
        if obstacle is not None:
            log.note(f"the prepared rows are not kept: {obstacle}")
        else:
            for split in missing:
                kept = self._keep(split, len(fields[split]), folder / split, trained)
                fields[split], encoded[split] = kept.fields, kept.encoded
                folders[split], trained = kept.folder, kept.tokenizer
            scratch = None
        return Preparation(
            tokenizer=tokenizer,
            task=task,
            lengths=lengths,
            encoded={split: encoded[split] for split in inputs.cache_keys},
            fields={split: fields[split] for split in inputs.cache_keys},
            source=inputs.identity,
            folders=RowFolders(folders, trained),
            checkpoint_labels=inputs.checkpoint_labels,
            scratch=scratch,
            training_key=inputs.cache_keys["train"].key,
            obstacle=obstacle,
        )

    def _report(self, found: Mapping[str, PreparedRows]) -> None:
        for split, known in found.items():
            self.log.note(f"{split}: {len(known.fields):,} rows, prepared before")
            for note in known.notes:
                self.log.note(note)

    def _find_or_train(self, found: Mapping[str, PreparedRows], rows: Rows, folder: Path) -> Path:
        """The folder of the tokenizer that is trained on the training rows."""
        known = next((one.tokenizer for one in found.values() if one.tokenizer), None)
        if known is not None:
            return known
        train_tokenizer(self.plan, self.checkpoint, rows, folder / TOKENIZER, self.log)
        return folder / TOKENIZER

    def _encode(self, fields: Rows, split: str, task: Task, folder: Path) -> Rows:
        with self.log.remembering() as notes:
            for text in describe_empty_texts(fields, self.plan):
                self.log.note(f"warning: {split}: {text}")
            encoded = encode_rows(fields, split, task, folder / ENCODED)
        (folder / NOTES).write_text(json.dumps(notes), encoding="utf-8")
        return encoded

    def _obstacle(self, encoded: Collection[Rows], *, is_new: bool) -> str | None:
        """Why the rows cannot be kept, if they cannot."""
        if any(not isinstance(rows, datasets.Dataset) for rows in encoded):
            return STREAM
        if is_new and self.inputs.source.identity() != self.inputs.identity:
            return "the source changed while it was read"
        return self.inputs.obstacle

    def _keep(self, split: str, rows: int, folder: Path, trained: Path | None) -> PreparedRows:
        if trained is not None:
            shutil.copytree(trained, folder / TOKENIZER)
        about = {"name": self.plan.name, "split": split, "rows": rows}
        return self.cache.keep(folder, self.inputs.cache_keys[split], about)
