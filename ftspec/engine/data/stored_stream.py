"""The rows of a stream in a file, for what needs all of them."""

from __future__ import annotations

from pathlib import Path

import datasets
from datasets.arrow_writer import ArrowWriter

from ftspec.engine.data.columns import Rows

_ROWS_AT_ONCE = 1000


def store_rows(rows: Rows, path: Path) -> datasets.Dataset:
    """The rows of a stream, written to the file ``path`` as they come, and mapped from there. Rows
    that are no stream are returned as they are."""
    if isinstance(rows, datasets.Dataset):
        return rows
    with ArrowWriter(path=str(path), features=rows.features) as writer:
        count = 0
        for batch in rows.iter(batch_size=_ROWS_AT_ONCE):
            writer.write_batch(batch)
            count += 1
        if count:
            writer.finalize()
    if not count:
        return datasets.Dataset.from_dict({name: [] for name in rows.column_names or ()})
    return datasets.Dataset.from_file(str(path))
