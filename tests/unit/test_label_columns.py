"""What the values of a whole column of labels mean, in any mixture of types, orders and names."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftspec.errors import RunError
from ftspec.labels import (
    LabelColumn,
    LabelCounts,
    Labels,
    LabelSets,
    are_same_classes,
    label_name,
    learn_label_sets,
    learn_labels,
)

AT = ("preprocess", "template", "label")


def learned(values: Sequence[Any], **known: Any) -> Labels:
    return learn_labels(LabelCounts(values), LabelColumn(at=AT, **known))


def ids(values: Sequence[Any], **known: Any) -> list[int]:
    labels = learned(values, **known)
    return [labels.id_of(value) for value in values]


def refusal(values: Sequence[Any], **known: Any) -> RunError:
    with pytest.raises(RunError) as caught:
        ids(values, **known)
    assert caught.value.at == AT
    return caught.value


def sets(rows: Sequence[Any], separator: str | None = None, **known: Any) -> LabelSets:
    return learn_label_sets(rows, LabelColumn(at=AT, **known), separator)


# One label for each row


FIVE = ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("values", "names", "expected"),
    [
        ([0, 1, 2, 3, 4], FIVE, [0, 1, 2, 3, 4]),  # positions, because 0 is no name
        ([1, 2, 5], FIVE, [0, 1, 4]),  # names
        ([0.0, 4.0], FIVE, [0, 4]),
        ([1, 2, 10], ["01", "02", "10"], [0, 1, 2]),  # the numbers that the names are
        (["01", "02", "10"], ["01", "02", "10"], [0, 1, 2]),
        ([0, 1], ["neg", "pos"], [0, 1]),
        (["0", "1"], ["neg", "pos"], [0, 1]),
        (["pos", "neg"], ["neg", "pos"], [1, 0]),
        ([True, False], ["False", "True"], [1, 0]),
        ([True, False], ["true", "false"], [0, 1]),
        (["TRUE", "false"], ["False", "True"], [1, 0]),
        ([1.5, 2.0], ["1.50", "2.0"], [0, 1]),
    ],
)
def test_names_of_the_spec(values: list[Any], names: list[str], expected: list[int]) -> None:
    assert ids(values, names=names) == expected


@pytest.mark.parametrize(
    ("values", "names", "slug"),
    [
        ([0, 1, 5], FIVE, "mixed-labels"),  # 0 is no name, 5 is no position
        ([0, "pos"], ["neg", "pos"], "mixed-labels"),
        ([0, "1"], ["neg", "pos"], "mixed-labels"),
        (["pos", "Pos"], ["neg", "pos"], "unseen-label"),
        ([0, 1, 2], ["neg", "pos"], "unseen-label"),
        ([True, False], ["neg", "pos"], "unseen-label"),
        ([1], ["1.0", "1"], None),
        ([1], ["01", "1.0"], "unseen-label"),  # either could be meant
        ([0, 1], ["a", "b", "a"], "repeated-label"),
        ([["a"]], ["a", "b"], "label-type"),
        ([{"a": 1}], None, "label-type"),
        ([1, "1"], None, "mixed-labels"),
        ([1, "1", 0, "0"], ["0", "1"], "mixed-labels"),
        ([1, "a"], None, "mixed-labels"),
        ([True, 1], None, "mixed-labels"),
        ([True, "true"], None, "mixed-labels"),
    ],
)
def test_columns_that_cannot_be_read(
    values: list[Any], names: list[str] | None, slug: str | None
) -> None:
    if slug is None:
        assert ids(values, names=names) == [1]
    else:
        assert refusal(values, names=names).slug == slug


def test_a_mixture_names_both_readings() -> None:
    error = refusal([0, 1, 5], names=FIVE)
    assert "0 is no name, and 5 is no position" in error.headline
    assert [help_.partition(":")[0] for help_ in error.helps] == ["as names", "as positions"]


@pytest.mark.parametrize(("seen", "other"), [([1, 2, 3], 0), (["a", "b"], 0), (["a", "b"], "A")])
def test_a_value_that_training_has_not_seen(seen: list[Any], other: Any) -> None:
    with pytest.raises(RunError) as caught:
        learned(seen).id_of(other)
    assert caught.value.slug == "unseen-label"


def test_classes_of_the_data() -> None:
    labels = learned([1, 0, -1], class_names=["neg", "pos"])
    assert (labels.id_of(1), labels.id_of("neg")) == (1, 0)
    with pytest.raises(RunError, match="a row has no label"):
        labels.id_of(-1)
    assert ids([1, 0], class_names=["neg", "pos"], names=["pos", "neg"]) == [0, 1]
    assert refusal([1, 0], class_names=["neg", "pos"], names=["bad", "good"]).slug == "unseen-label"


def test_the_order_of_a_checkpoint_with_the_same_names() -> None:
    known = ["positive", "negative", "neutral"]
    labels = learned(["neutral", "positive", "negative"], checkpoint_names=known)
    assert labels.names == tuple(known)
    assert labels.note.endswith("; their ids are in the order of the checkpoint")
    assert learned(["neutral", "positive"], checkpoint_names=known).names == ("neutral", "positive")
    # positions are those of the spec, whatever the checkpoint has
    assert ids([0, 1], names=["b", "a"], checkpoint_names=["a", "b"]) == [1, 0]


@pytest.mark.parametrize(
    ("names", "known", "are_same"),
    [
        (["a", "b"], ["a", "b"], True),
        (["a", "b"], ["b", "a"], False),
        (["0", "1"], ["LABEL_0", "LABEL_1"], True),
        (["1", "2"], ["LABEL_0", "LABEL_1"], False),
        (["a", "b"], ["LABEL_0", "LABEL_1"], False),
        (["0", "1", "2"], ["LABEL_0", "LABEL_1"], False),
    ],
)
def test_same_classes(names: list[str], known: list[str], are_same: bool) -> None:
    assert are_same_classes(names, known) is are_same


def test_the_note_and_the_warnings() -> None:
    said: list[str] = []
    learned([0] * 12 + [1], names=["1", "2", "3"]).report(said.append)
    assert said == [
        '3 labels from "labels" of the task: "1" (12 rows), "2" (1), "3" (0); the values are read '
        'as positions: 0 is "1", 1 is "2", 2 is "3"',
        'warning: each of these labels has fewer than 10 rows: "2" (1), "3" (0)',
    ]


@pytest.mark.parametrize(
    ("values", "slugs"),
    [
        (["a", "b"], []),
        (["a", "A"], ["similar-labels"]),
        (["a", " a"], ["similar-labels"]),
        (["é", "e\u0301"], ["similar-labels"]),
        ([0.5, 1.5], ["float-labels"]),
        ([1.0, 2.0], ["float-labels"]),
        (["0.5", "1.5"], ["float-labels"]),
        ([1, 2], []),
    ],
)
def test_warnings(values: list[Any], slugs: list[str]) -> None:
    assert [warning.slug for warning in learned(values * 10).warnings] == slugs


def test_the_first_rows_warn_of_no_rare_label() -> None:
    labels = learned(["a", "b"], sample="the first 1,000 rows")
    assert labels.warnings == ()
    assert labels.note == '2 labels from the first 1,000 rows: "a" (1 row), "b" (1)'


# Several labels for each row


ABC = ["a", "b", "c"]


@pytest.mark.parametrize(
    ("rows", "separator", "names", "expected"),
    [
        ([[1, 0, 0], [0, 1, 0], [0, 0, 0]], None, ABC, [{0}, {1}, set()]),
        ([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]], None, ABC, [{0}, {0, 1}]),
        ([[True, False], [False, False]], None, ["a", "b"], [{0}, set()]),
        ([[0, 1], [1, 0]], None, ["a", "b"], [{1}, {0}]),
        ([[0, 2], [1]], None, ABC, [{0, 2}, {1}]),
        ([[0], [1, 0], []], None, ABC, [{0}, {0, 1}, set()]),
        ([["a"], ["c", "a"], []], None, None, [{0}, {0, 1}, set()]),
        (["a; c", "b", None, ""], ";", None, [{0, 2}, {1}, set(), set()]),
        ([1, "1;2"], ";", None, [{0}, {0, 1}]),
        (["1,0,0", "0,1,1"], ",", ABC, [{0}, {1, 2}]),
        (["1.0 0.0", "True False"], " ", ["a", "b"], [{0}, {0}]),
    ],
)
def test_label_sets(
    rows: list[Any], separator: str | None, names: list[str] | None, expected: list[set[int]]
) -> None:
    learned_sets = sets(rows, separator, names=names)
    assert [learned_sets.ids_of(row) for row in rows] == expected


@pytest.mark.parametrize(
    ("rows", "known"),
    [
        ([[1, 0, 0], [0, 1, 0]], {}),  # no names
        ([[1, 0, 0], [1, 1, 0]], {"names": ["a", "b"]}),  # too few names
        ([[0, 1], [1, 0]], {"names": ["0", "1"]}),  # names or places
        ([[0, 1], [1, 0]], {"names": ABC}),  # positions, or places with a name too many
        ([[0], [1]], {}),
        ([[1, 1, 0], [1]], {}),
        ([[0, 1, 0]], {"class_names": ABC}),
        ([[True], [True, False]], {}),
        ([[0.2, 0.8]], {"names": ["a", "b"]}),
        (["a"], {}),
    ],
)
def test_label_sets_that_can_be_read_in_two_ways(rows: list[Any], known: Any) -> None:
    with pytest.raises(RunError) as caught:
        sets(rows, **known)
    assert caught.value.slug == "label-type"
    assert len(caught.value.helps) > 1 or not known


def test_places_follow_the_order_of_the_checkpoint() -> None:
    found = sets([[1, 0, 0]], names=ABC, checkpoint_names=["c", "a", "b"])
    assert found.labels.names == ("c", "a", "b")
    assert found.ids_of([1, 0, 1]) == {1, 0}
    with pytest.raises(RunError, match="needs a 0 or 1 for each of the 3 labels"):
        found.ids_of([1, 0])


# Any column


NAMES = st.lists(
    st.sampled_from(["0", "1", "2", "10", "01", "1.0", "a", "A", "b", "true", "True", "false"]),
    min_size=2,
    max_size=5,
    unique=True,
)
VALUES = st.lists(
    st.one_of(
        st.integers(-1, 11),
        st.sampled_from([0.0, 1.0, 1.5]),
        st.booleans(),
        st.sampled_from(["0", "1", "2", "01", "a", "A", "b", "true", "True"]),
    ),
    min_size=1,
    max_size=8,
)


def is_same_number(name: str, value: Any) -> bool:
    try:
        return not isinstance(value, (bool, str)) and float(name) == value
    except ValueError:
        return False


def folded(value: Any) -> str | float:
    """What two values have in common that are one label: a number, or the same boolean."""
    name = label_name(value)
    try:
        return float(name)
    except ValueError:
        return name.lower() if name.lower() in ("true", "false") else name


def is_named(name: str, value: Any) -> bool:
    """Whether a person would say that the value is written as the name."""
    if name == label_name(value) or is_same_number(name, value):
        return True
    is_boolean = isinstance(value, bool) or str(value).lower() in ("true", "false")
    return is_boolean and name.lower() == str(value).lower()


def is_at(names: Sequence[str], name: str, value: Any) -> bool:
    """Whether a person would say that the value is the position of the name."""
    return not isinstance(value, bool) and names.index(name) == float(value)


@given(VALUES, st.one_of(st.none(), NAMES), st.randoms(use_true_random=False))
def test_any_column_is_read_as_a_person_would_or_refused(
    values: list[Any], names: list[str] | None, shuffling: random.Random
) -> None:
    try:
        labels = learned(values, names=names)
    except RunError:
        return
    given = [labels.names[labels.id_of(value)] for value in values]
    if names is None:
        assert len({str if isinstance(one, str) else type(one) is bool for one in values}) == 1
        assert given == [label_name(value) for value in values]
        assert set(labels.names) == set(given)
    else:
        assert labels.names == tuple(names)
        assert all(map(is_named, given, values)) or all(
            is_at(names, name, value) for name, value in zip(given, values, strict=True)
        )
    distinct = {folded(value) for value in values}
    if names is not None and len(set(map(folded, names))) == len(names):
        assert len(distinct) == len(set(given))
    other = list(values)
    shuffling.shuffle(other)
    again = learned(other, names=names)
    assert [again.names[again.id_of(value)] for value in values] == given


@given(NAMES, st.data())
def test_a_column_of_names_or_of_positions_is_never_refused(names: list[str], data: Any) -> None:
    written = data.draw(st.lists(st.sampled_from(names), min_size=1))
    assert ids(written, names=names) == [names.index(name) for name in written]
    plain = [f"name {name}" for name in names]
    places = data.draw(st.lists(st.integers(0, len(names) - 1), min_size=1))
    assert ids(places, names=plain) == places


@given(st.lists(st.sets(st.integers(0, 3)), min_size=1, max_size=6))
def test_any_label_sets_are_read_as_written_or_refused(rows: list[set[int]]) -> None:
    names = ["a", "b", "c", "d"]
    ways: list[tuple[list[Any], str | None]] = [
        ([sorted(row) for row in rows], None),
        ([[names[one] for one in sorted(row)] for row in rows], None),
        ([[int(one in row) for one in range(4)] for row in rows], None),
        ([[float(one in row) for one in range(4)] for row in rows], None),
        ([";".join(names[one] for one in sorted(row)) for row in rows], ";"),
        ([" ".join(str(int(one in row)) for one in range(4)) for row in rows], " "),
    ]
    for written, separator in ways:
        try:
            found = sets(written, separator, names=names)
        except RunError:
            assert written == [sorted(row) for row in rows]  # only ids may look like places
            continue
        assert [found.ids_of(row) for row in written] == rows
