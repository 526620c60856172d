"""A stream that is evaluated is written to a file as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets

from ftspec.engine.data.stored_stream import store_rows


def _rows() -> Iterator[dict[str, Any]]:
    for number in range(2500):
        yield {"text": f"row {number}", "label": number % 2}


def test_rows_of_a_stream_are_all_there(tmp_path: Path) -> None:
    stored = store_rows(datasets.IterableDataset.from_generator(_rows), tmp_path / "rows.arrow")
    assert len(stored) == 2500
    assert stored[2499] == {"text": "row 2499", "label": 1}
    assert stored.cache_files[0]["filename"] == str(tmp_path / "rows.arrow")


def test_empty_stream_has_no_rows(tmp_path: Path) -> None:
    stream = datasets.IterableDataset.from_generator(_rows).take(0)
    assert len(store_rows(stream, tmp_path / "rows.arrow")) == 0


def test_rows_that_are_no_stream_stay(tmp_path: Path) -> None:
    rows = datasets.Dataset.from_list(list(_rows())[:3])
    assert store_rows(rows, tmp_path / "rows.arrow") is rows
