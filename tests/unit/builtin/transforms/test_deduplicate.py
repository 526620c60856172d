"""The first of equal rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import datasets
import pytest

from ftspec.api import RunError
from ftspec.builtin.transforms.config import DeduplicateConfig
from ftspec.builtin.transforms.deduplicate import Deduplicate
from tests.unit.builtin.conftest import MakeContext
from tests.unit.tiny import BANGLA, rows_of


@pytest.fixture
def deduplicate(context: MakeContext) -> Any:
    def make(**keys: Any) -> Deduplicate:
        config = DeduplicateConfig.model_validate(keys)
        return Deduplicate(config, context("preprocess", "transforms", 1))

    return make


ROWS = {
    "text": ["a", "b", "a", "A", "a", None, None],
    "label": [0, 1, 0, 0, 1, 0, 0],
}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, [0, 1, 3, 4, 5]),
        ({"columns": ["text"]}, [0, 1, 3, 5]),
        ({"columns": ["label"]}, [0, 1]),
        ({"columns": ["label", "text"]}, [0, 1, 3, 4, 5]),
        ({"ignore_case": True}, [0, 1, 4, 5]),
        ({"ignore_case": True, "columns": ["text"]}, [0, 1, 5]),
    ],
)
def test_columns_and_case(deduplicate: Any, keys: Any, expected: list[int]) -> None:
    rows = datasets.Dataset.from_dict({**ROWS, "n": list(range(7))})
    compared = rows if "columns" in keys else rows.remove_columns("n")
    result = deduplicate(**keys).apply(compared)
    assert list(result) == [compared[index] for index in expected]


def test_other_columns_stay_as_they_are(deduplicate: Any) -> None:
    rows = datasets.Dataset.from_dict({"text": ["x", "X"], "id": [7, 8]})
    result = deduplicate(columns=["text"], ignore_case=True).apply(rows)
    assert list(result) == [{"text": "x", "id": 7}]


def test_values_that_json_knows_not(deduplicate: Any) -> None:
    times = [datetime(2024, 1, day, tzinfo=UTC) for day in (1, 2, 1)]
    rows = datasets.Dataset.from_dict({"at": times, "bytes": [b"a", b"b", b"a"]})
    assert len(deduplicate().apply(rows)) == 2


def test_real_rows(deduplicate: Any, notes: list[str]) -> None:
    pairs = rows_of(BANGLA)
    rows = datasets.Dataset.from_list([*pairs, *reversed(pairs)])
    assert list(deduplicate().apply(rows)) == pairs
    assert notes == ["deduplicate dropped 300 of 600 rows"]


def test_without_duplicates_nothing_happens(deduplicate: Any, notes: list[str]) -> None:
    rows = datasets.Dataset.from_list(rows_of(BANGLA))
    assert deduplicate().apply(rows) is rows
    assert notes == []


def test_the_result_has_the_same_fingerprint_each_time(deduplicate: Any) -> None:
    rows = datasets.Dataset.from_dict(ROWS)
    first, again = (deduplicate(columns=["text"]).apply(rows)._fingerprint for _ in range(2))
    assert first == again != rows._fingerprint


def test_dotted_name_reaches_into_nested_values(deduplicate: Any) -> None:
    nested = [{"b": 1, "c": 1}, {"b": 1, "c": 2}, {"b": 2, "c": 1}, None, None]
    rows = datasets.Dataset.from_dict({"a": nested, "a.d": [5, 5, 5, 5, 6], "e": list(range(5))})
    for columns, kept in (
        (["a.b"], [0, 2, 3]),
        (["a.c", "a.b"], [0, 1, 2, 3]),
        (["a"], [0, 1, 2, 3]),
        (["a.d"], [0, 4]),
        (["a.b", "a.d"], [0, 2, 3, 4]),
    ):
        assert deduplicate(columns=columns).apply(rows)["e"] == kept
    for column in ("a.x", "e.b", "a.b.x"):
        with pytest.raises(RunError) as caught:
            deduplicate(columns=[column]).apply(rows)
        assert caught.value.headline == f'the rows have no column "{column}"'


def test_unknown_column(deduplicate: Any) -> None:
    with pytest.raises(RunError) as caught:
        deduplicate(columns=["label", "txet"]).apply(datasets.Dataset.from_dict(ROWS))
    assert caught.value.slug == "unknown-column"
    assert caught.value.at == ("preprocess", "transforms", 1, "columns", 1)
    assert caught.value.headline == 'the rows have no column "txet"'
    assert caught.value.helps == ('did you mean "text"?',)


def test_stream(deduplicate: Any) -> None:
    with pytest.raises(RunError) as caught:
        deduplicate().apply(datasets.Dataset.from_dict(ROWS).to_iterable_dataset())
    assert caught.value.slug == "needs-all-rows"
    assert caught.value.at == ("preprocess", "transforms", 1)
