"""Label names and their ids."""

from __future__ import annotations

from typing import Any

import datasets
import pytest

from ftspec.api import RunError
from ftspec.labels import Labels, class_names_of, label_name, learn_names

AT = ("preprocess", "template", "label")


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (["b", "a", "b", None], ["a", "b"]),
        ([10, 2, 10, None], ["2", "10"]),
        ([-1, 1], ["-1", "1"]),
        ([True, False], ["false", "true"]),
        ([2.0, 1.0, 0.5], ["0.5", "1", "2"]),
        ([1.0, float("nan"), 0.0], ["0", "1"]),
        (["ভালো", "খারাপ"], ["খারাপ", "ভালো"]),
        ([], []),
        ([None], []),
    ],
)
def test_learned_names_are_sorted(values: list[Any], names: list[str]) -> None:
    assert learn_names(values) == names


@pytest.mark.parametrize(
    ("value", "name"),
    [("a", "a"), (3, "3"), (3.0, "3"), (0.5, "0.5"), (True, "true"), (False, "false")],
)
def test_label_name(value: Any, name: str) -> None:
    assert label_name(value) == name


@pytest.mark.parametrize("values", [["b", "a"], [10, 2], [True, False], [2.0, 0.5], [-1, 1]])
def test_learned_names_know_the_values_they_came_from(values: list[Any]) -> None:
    labels = Labels(learn_names(values), AT)
    assert sorted(map(labels.id_of, values)) == [0, 1]
    assert labels.names[labels.id_of(values[0])] == label_name(values[0])


def test_class_names_stand_behind_integers() -> None:
    labels = Labels(["neg", "pos"], AT, class_names=["neg", "pos"])
    assert [labels.id_of(value) for value in (0, 1, "pos")] == [0, 1, 1]


def test_names_of_a_spec_reorder_class_names() -> None:
    labels = Labels(["pos", "neg"], AT, class_names=["neg", "pos"])
    assert [labels.id_of(value) for value in (0, 1)] == [1, 0]


def test_names_of_a_spec_name_plain_ids() -> None:
    labels = Labels(["neg", "pos"], AT)
    assert [labels.id_of(value) for value in (0, 1, "neg")] == [0, 1, 0]


def test_a_name_that_is_a_number_wins_over_an_id() -> None:
    labels = Labels(["5", "1"], AT)
    assert [labels.id_of(value) for value in (5, 1, "1")] == [0, 1, 1]


@pytest.mark.parametrize(
    ("value", "class_names"), [(None, []), (float("nan"), []), (None, ["a", "b"]), (-1, ["a", "b"])]
)
def test_missing_label(value: Any, class_names: list[str]) -> None:
    with pytest.raises(RunError) as caught:
        Labels(["a", "b"], AT, class_names).id_of(value)
    assert caught.value.slug == "missing-label"
    assert caught.value.headline == "a row has no label"
    assert caught.value.at == AT
    assert "not_missing: true" in caught.value.helps[0]


@pytest.mark.parametrize(
    ("names", "value", "shown", "suggestion"),
    [
        (["negative", "positive"], "Positive", "Positive", 'did you mean "positive"?'),
        (["a", "b"], 2, "2", 'expected one of "a", "b"'),
        (["a", "b"], -1, "-1", 'expected one of "a", "b"'),
        (["1", "2"], 3, "3", 'expected one of "1", "2"'),
    ],
)
def test_unseen_label(names: list[str], value: Any, shown: str, suggestion: str) -> None:
    with pytest.raises(RunError) as caught:
        Labels(names, AT).id_of(value)
    assert caught.value.slug == "unseen-label"
    assert caught.value.headline == f'the label "{shown}" is not in the training split'
    assert caught.value.at == AT
    assert caught.value.helps[0] == suggestion


@pytest.mark.parametrize("value", [7, -2])
def test_an_integer_that_no_class_has(value: int) -> None:
    with pytest.raises(RunError, match=f'the label "{value}" is not in the training split'):
        Labels(["a", "b"], AT, ["a", "b"]).id_of(value)


@pytest.mark.parametrize(
    ("feature", "names"),
    [
        (datasets.ClassLabel(names=["a", "b"]), ["a", "b"]),
        (datasets.List(datasets.ClassLabel(names=["a", "b"])), ["a", "b"]),
        (datasets.Value("string"), []),
        (datasets.List(datasets.Value("string")), []),
        (None, []),
    ],
)
def test_class_names_of(feature: Any, names: list[str]) -> None:
    assert list(class_names_of(feature)) == names
