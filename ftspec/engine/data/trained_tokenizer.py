"""A tokenizer that is trained on the rows of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ftspec.engine.data.columns import Rows
from ftspec.engine.data.tokenizer import build_tokenizer
from ftspec.engine.model.checkpoint import Checkpoint
from ftspec.engine.progress.run_log import RunLog
from ftspec.planning.plan import Plan

_ROWS_AT_ONCE = 1000


def train_tokenizer(
    plan: Plan, checkpoint: Checkpoint | None, rows: Rows, folder: Path, log: RunLog
) -> None:
    """Train the tokenizer on all texts in the fields of ``rows``, and save it in ``folder``."""

    def texts() -> Iterator[list[str]]:
        for batch in rows.iter(batch_size=_ROWS_AT_ONCE):
            for name in _text_fields(plan):
                yield list(texts_in(batch[name]))

    build_tokenizer(plan, checkpoint, texts, log.note).save_pretrained(folder)


def _text_fields(plan: Plan) -> list[str]:
    fields = plan.task.component.fields
    return [field.name for field in fields if field.type != "label" and field.name in plan.template]


def texts_in(value: Any) -> Iterator[str]:
    """The texts in a value of any shape, such as the messages of a conversation."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from texts_in(list(value.values()))
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)
