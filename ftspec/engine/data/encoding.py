"""From the fields of a task to encoded rows, in batches, streamed to a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
from datasets.arrow_writer import OptimizedTypedSequence

from ftspec.engine.data.splits import Rows
from ftspec.errors import RunError
from ftspec.protocols import Task

# as datasets stores them: ids fit into 32 bits, masks and types into 8
_TOKEN_COLUMNS = {
    "input_ids": np.int32,
    "attention_mask": np.int8,
    "token_type_ids": np.int8,
    "special_tokens_mask": np.int8,
}


def encode_rows(fields: Rows, split: str, task: Task, path: Path) -> Rows:
    """The rows of a split as model inputs, in the file ``path``. A stream is encoded while it is
    read, and has no file.

    Raises:
        RunError: a row cannot be encoded; the message names its split.
    """
    try:
        if not isinstance(fields, datasets.Dataset):
            encoded = fields.map(task.encode, batched=True, remove_columns=fields.column_names)
            return task.pack(encoded, split)
        tokens = path.with_name(f"tokens-{path.name}")
        encoded = fields.map(
            _Encode(task),
            batched=True,
            remove_columns=fields.column_names,
            cache_file_name=str(tokens),
            # datasets would hash the task, which holds open files and has another hash each time
            new_fingerprint=split,
        )
        packed = task.pack(encoded, split)
        if packed is encoded:
            tokens.rename(path)
            return packed
        write_rows(packed, path)
        tokens.unlink()
        return packed
    except RunError as error:
        row = _row_at_fault(fields, error)
        where = f"the {split} split" if row is None else f"row {row + 1:,} of the {split} split"
        raise RunError(
            f"{error.headline} (in {where})",
            slug=error.slug,
            at=error.at,
            helps=error.helps,
        ) from error


def _row_at_fault(fields: Rows, error: RunError) -> int | None:
    """The first row whose field is not text, if that is what an error is about."""
    if error.slug != "field-type" or not isinstance(fields, datasets.Dataset):
        return None
    name = str(error.at[-1]) if error.at else ""
    if name not in fields.column_names:
        return None
    values = fields.select_columns([name])
    rows = (index for index, row in enumerate(values) if not isinstance(row[name], str))
    return next(rows, None)


def write_rows(rows: datasets.Dataset, path: Path) -> None:
    """Write rows to an Arrow stream, in batches."""
    schema = rows.features.arrow_schema
    with pa.ipc.new_stream(str(path), schema) as writer:
        for batch in rows.with_format("arrow").iter(batch_size=1000):
            writer.write_table(batch.combine_chunks().cast(schema))


class _Encode:
    """Encodes a batch to an Arrow table, which ``datasets`` writes unchanged."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def __call__(self, batch: Mapping[str, Any]) -> pa.Table:
        encoded = self._task.encode(batch)
        return pa.table({name: _column(name, values) for name, values in encoded.items()})


def _column(name: str, values: Sequence[Any]) -> pa.Array:
    """A column with the type that ``datasets`` would store. Lists of tokens are converted whole."""
    kind = _TOKEN_COLUMNS.get(name)
    if kind is not None:
        try:
            lengths = np.fromiter(map(len, values), np.int64, len(values))
            offsets = np.concatenate([[0], lengths.cumsum()]).astype(np.int32)
            tokens = np.fromiter(chain.from_iterable(values), kind, offsets[-1])
            return pa.ListArray.from_arrays(pa.array(offsets), pa.array(tokens))
        except (TypeError, ValueError, OverflowError):
            pass  # nested deeper, with gaps, or too large
    array: pa.Array = pa.array(OptimizedTypedSequence(values, col=name))
    return array
