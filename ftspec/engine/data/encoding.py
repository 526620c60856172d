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

from ftspec.engine.data.columns import Rows
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
    encode = _Encode(task)
    try:
        if not isinstance(fields, datasets.Dataset):
            encoded = fields.map(task.encode, batched=True, remove_columns=fields.column_names)
            return task.pack(encoded, split)
        tokens = path.with_name(f"tokens-{path.name}")
        encoded = fields.map(
            encode,
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
        row = encode.row_at_fault
        where = f"the {split} split" if row is None else f"row {row + 1:,} of the {split} split"
        raise RunError(
            f"{error.headline} (in {where})",
            slug=error.slug,
            at=error.at,
            helps=error.helps,
        ) from error


def write_rows(rows: datasets.Dataset, path: Path) -> None:
    """Write rows to an Arrow stream, in batches."""
    schema = rows.features.arrow_schema
    with pa.ipc.new_stream(str(path), schema) as writer:
        for batch in rows.with_format("arrow").iter(batch_size=1000):
            writer.write_table(batch.combine_chunks().cast(schema))


class _Encode:
    """Encodes a batch to an Arrow table, which ``datasets`` writes unchanged.

    Attributes:
        row_at_fault: the first row that cannot be encoded on its own, if there is one.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._done = 0
        self.row_at_fault: int | None = None

    def __call__(self, batch: Mapping[str, Any]) -> pa.Table:
        try:
            encoded = self._task.encode(batch)
        except RunError as error:
            self.row_at_fault = self._find(batch, error)
            raise
        self._done += _length_of(batch)
        return pa.table({name: _column(name, values) for name, values in encoded.items()})

    def _find(self, batch: Mapping[str, Any], error: RunError) -> int | None:
        for place in range(_length_of(batch)):
            try:
                self._task.encode({name: [values[place]] for name, values in batch.items()})
            except RunError as other:
                if other.slug == error.slug:
                    return self._done + place
        return None


def _length_of(batch: Mapping[str, Any]) -> int:
    return len(next(iter(batch.values()), ()))


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
