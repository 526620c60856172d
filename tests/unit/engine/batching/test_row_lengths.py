"""Rows that hold several sequences, padded to one length."""

from __future__ import annotations

from datasets import Dataset

from ftspec.engine.batching.row_lengths import lengths_in, lengths_of_rows


def test_sequences_of_a_row_count_together() -> None:
    rows = [{"input_ids": [[1, 2, 3], [4]]}, {"input_ids": [[1], [2]]}]
    assert lengths_of_rows(rows, ("input_ids",)).tolist() == [[6], [2]]
    assert lengths_in(Dataset.from_list(rows), ("input_ids",)).tolist() == [[6], [2]]


def test_empty_rows_have_no_tokens() -> None:
    assert lengths_of_rows([{"input_ids": []}], ("input_ids",)).tolist() == [[0]]
