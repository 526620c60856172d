"""From a plan to rows the model takes: loaded, rendered, tokenized."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import datasets
from datasets.fingerprint import Hasher
from transformers import PreTrainedTokenizerBase

from ftspec import __version__
from ftspec.components import TaskComponent
from ftspec.document.paths import SpecPath
from ftspec.engine.checkpoint import Checkpoint
from ftspec.engine.factories import MakeContext, build
from ftspec.engine.fields import render_fields
from ftspec.engine.lengths import Lengths
from ftspec.engine.model import load_config
from ftspec.engine.progress import RunLog
from ftspec.engine.splits import Rows, load_splits
from ftspec.engine.task import build_task, lengths_of
from ftspec.engine.tokenizer import build_tokenizer
from ftspec.errors import RunError
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.protocols import Context, Task


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What training needs beside the model.

    Attributes:
        tokenizer: with a padding token.
        task: fitted to the training split.
        encoded: model inputs of each split.
        fields: the rendered fields they were encoded from.
        source: what the source records of its rows.
    """

    tokenizer: PreTrainedTokenizerBase
    task: Task
    encoded: Mapping[str, Rows]
    fields: Mapping[str, Rows]
    source: Mapping[str, Any]


def prepare(plan: Plan, checkpoint: Checkpoint | None, log: RunLog) -> Preparation:
    """Load, render and encode every split of the plan.

    Raises:
        RunError: the plan does not fit the data or the checkpoint.
        MissingExtraError: a package is not installed.
    """
    # first, so that a misspelt checkpoint is found at its key and before any data is loaded
    config = load_config(plan.model, checkpoint, {})
    rows, source = _load_rows(plan, log)
    fields = {split: render_fields(part, plan.template) for split, part in rows.items()}

    def texts() -> Iterator[list[str]]:
        for batch in fields["train"].iter(batch_size=1000):
            for name in _text_fields(plan):
                yield list(_texts_in(batch[name]))

    tokenizer = build_tokenizer(plan, checkpoint, texts, log.note)
    lengths = lengths_of(plan, tokenizer, config, log.note)
    task = build_task(plan, tokenizer, lengths, log.note)
    task.fit(fields["train"], fields["train"].features)
    # once, before anything is encoded: a tokenizer remembers how it was last told to truncate
    identity = _identity_of_encoding(plan, task, tokenizer, lengths)
    encoded = {split: _encode(part, split, task, identity) for split, part in fields.items()}
    return Preparation(
        tokenizer=tokenizer, task=task, encoded=encoded, fields=fields, source=source
    )


def context_maker(plan: Plan, log: RunLog) -> MakeContext:
    """What factories get that need nothing of the run."""

    def make(planned: PlannedComponent, children: dict[SpecPath, Any]) -> Context:
        return Context(section=planned.at, seed=plan.seed, note=log.note, children=children)

    return make


def _load_rows(plan: Plan, log: RunLog) -> tuple[dict[str, Rows], Mapping[str, Any]]:
    make_context = context_maker(plan, log)
    source = build(plan.source, make_context)
    transforms = [build(transform, make_context) for transform in plan.transforms]

    def transform(rows: Rows) -> Rows:
        for one in transforms:
            rows = one.apply(rows)
        return rows

    rows = load_splits(source, plan.splits, plan.seed, transform)
    for split, part in rows.items():
        count = f"{len(part):,} rows" if isinstance(part, datasets.Dataset) else "a stream"
        log.note(f"{split}: {count}")
    return rows, source.identity()


def _text_fields(plan: Plan) -> list[str]:
    assert isinstance(plan.task.component, TaskComponent)
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


def _encode(fields: Rows, split: str, task: Task, identity: list[Any]) -> Rows:
    """The rows of a split as model inputs; an error says which split it is in."""
    try:
        if not isinstance(fields, datasets.Dataset):
            encoded = fields.map(task.encode, batched=True, remove_columns=fields.column_names)
        else:
            encoded = fields.map(
                task.encode,
                batched=True,
                remove_columns=fields.column_names,
                # datasets would hash the task, which holds open files and never hashes twice alike
                new_fingerprint=Hasher.hash([fields._fingerprint, *identity]),
            )
        return task.pack(encoded, split)
    except RunError as error:
        raise RunError(
            f"{error.headline} (in the {split} split)",
            slug=error.slug,
            at=error.at,
            helps=error.helps,
        ) from error


def _identity_of_encoding(
    plan: Plan, task: Task, tokenizer: PreTrainedTokenizerBase, lengths: Lengths
) -> list[Any]:
    """All that encoded rows depend on beside the fields."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    vocabulary = backend.to_str() if backend is not None else sorted(tokenizer.get_vocab().items())
    return [
        __version__,
        lengths,
        plan.task.to_spec(),
        plan.tokenizer.to_spec(),
        sorted(task.model_settings().items()),
        vocabulary,
        tokenizer.chat_template,
    ]
