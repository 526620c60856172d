"""Rows filtered by the length or presence of a column."""

from __future__ import annotations

from typing import Any

import datasets
import pytest
from datasets.fingerprint import Hasher

from ftspec.api import RunError
from ftspec.builtin.transforms.config import FilterConfig
from ftspec.builtin.transforms.filter import Filter
from tests.unit.builtin.conftest import MakeContext
from tests.unit.tiny import WORDNET, bangla, rows_of


@pytest.fixture
def filter_of(context: MakeContext) -> Any:
    def make(**keys: Any) -> Filter:
        return Filter(FilterConfig.model_validate(keys), context("preprocess", "transforms", 0))

    return make


def kept(transform: Filter, values: list[Any]) -> list[Any]:
    rows = datasets.Dataset.from_dict({"text": values, "n": list(range(len(values)))})
    return list(transform.apply(rows)["text"])


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"not_missing": True}, ["a", "four", "two words", "বাংলা ভাষা "]),
        ({"min_characters": 4}, ["four", "two words", "বাংলা ভাষা "]),
        ({"max_characters": 4}, ["a", "four", "", None, " \n"]),
        ({"min_words": 2}, ["two words", "বাংলা ভাষা "]),
        ({"max_words": 1}, ["a", "four", "", None, " \n"]),
        ({"max_words": 1, "not_missing": True}, ["a", "four"]),
        ({"min_characters": 2, "max_characters": 9, "min_words": 1}, ["four", "two words"]),
        ({"not_missing": False}, ["a", "four", "two words", "", None, " \n", "বাংলা ভাষা "]),
    ],
)
def test_each_condition(filter_of: Any, keys: Any, expected: list[Any]) -> None:
    values = ["a", "four", "two words", "", None, " \n", "বাংলা ভাষা "]
    assert kept(filter_of(column="text", **keys), values) == expected


@pytest.mark.parametrize(
    ("values", "keys", "expected"),
    [
        ([1, None, 22], {"not_missing": True}, [1, 22]),
        ([0.5, float("nan"), None], {"not_missing": True}, [0.5]),
        ([False, None, True], {"not_missing": True}, [False, True]),
        ([["a"], [], None, ["b", "c"]], {"not_missing": True}, [["a"], ["b", "c"]]),
        ([["a"], [], ["b", "c"]], {"min_words": 2}, [["b", "c"]]),
        ([7, 100], {"max_characters": 2}, [7]),
    ],
)
def test_values_that_are_no_text(
    filter_of: Any, values: list[Any], keys: Any, expected: list[Any]
) -> None:
    assert kept(filter_of(column="text", **keys), values) == expected


def test_real_rows_stay_in_order_and_the_user_is_told(filter_of: Any, notes: list[str]) -> None:
    rows = datasets.Dataset.from_list(rows_of(WORDNET / "test.jsonl"))
    expected = [row for row in rows if 5 <= len(row["text"].split()) <= 10]
    assert list(filter_of(column="text", min_words=5, max_words=10).apply(rows)) == expected
    assert notes == [f"filter dropped {600 - len(expected)} of 600 rows"]


def test_nothing_dropped_is_nothing_said(filter_of: Any, notes: list[str]) -> None:
    assert kept(filter_of(column="text", not_missing=True), list(bangla())) == list(bangla())
    assert notes == []


def test_nested_column(filter_of: Any) -> None:
    rows = datasets.Dataset.from_list(
        [{"t": {"en": "a", "bn": "ক"}}, {"t": {"en": "", "bn": "খ"}}, {"t": {"en": None, "bn": ""}}]
    )
    transform = filter_of(column="t.en", not_missing=True)
    assert list(transform.apply(rows)) == [{"t": {"en": "a", "bn": "ক"}}]


@pytest.mark.parametrize("is_streamed", [False, True])
def test_unknown_column(filter_of: Any, is_streamed: bool) -> None:
    rows = datasets.Dataset.from_dict({"text": ["a"], "label": [1]})
    if is_streamed:
        rows = rows.to_iterable_dataset()
    with pytest.raises(RunError) as caught:
        list(filter_of(column="test", not_missing=True).apply(rows))
    assert caught.value.slug == "unknown-column"
    assert caught.value.at == ("preprocess", "transforms", 0, "column")
    assert caught.value.headline == 'the rows have no column "test"; they have "text", "label"'
    assert caught.value.helps == ('did you mean "text"?',)


def test_stream(filter_of: Any, notes: list[str]) -> None:
    rows = datasets.Dataset.from_dict({"text": ["a", "", None, "b"]}).to_iterable_dataset()
    result = filter_of(column="text", not_missing=True).apply(rows)
    assert isinstance(result, datasets.IterableDataset)
    assert list(result) == [{"text": "a"}, {"text": "b"}]
    assert notes == []


def test_the_predicate_hashes_by_its_config(filter_of: Any) -> None:
    first, again, other = (
        Hasher.hash(filter_of(column="text", min_words=words)._keeps) for words in (2, 2, 3)
    )
    assert first == again
    assert first != other


def test_the_result_comes_from_the_cache_the_second_time(filter_of: Any) -> None:
    rows = datasets.Dataset.from_list(rows_of(WORDNET / "test.jsonl"))
    first, again = (filter_of(column="text", min_words=5).apply(rows) for _ in range(2))
    assert first._fingerprint == again._fingerprint
