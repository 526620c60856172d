"""Slices of a source and parts held out of them: no row lost, none on both sides, order kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import datasets
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftspec.engine.data.columns import Rows, columns_of, unknown_column
from ftspec.engine.data.splits import load_splits
from ftspec.errors import RunError
from ftspec.spec.data import Splits
from tests.unit import tiny

COUNTS = {"train": 100, "validation": 20, "test": 10}


class Numbers:
    """A source whose rows say which they are."""

    def __init__(self, is_streamed: bool = False, **columns: Callable[[int], Any]) -> None:
        self._is_streamed = is_streamed
        self._columns = columns
        self.loaded: list[str] = []

    def split_names(self) -> list[str]:
        return list(COUNTS)

    def load(self, split: str) -> Rows:
        self.loaded.append(split)
        numbers = range(COUNTS[split])
        columns = {
            name: [make(number) for number in numbers] for name, make in self._columns.items()
        }
        rows = datasets.Dataset.from_dict({"id": [f"{split} {n}" for n in numbers], **columns})
        return rows.to_iterable_dataset() if self._is_streamed else rows

    def identity(self) -> Mapping[str, Any]:
        return {}


def split_rows(
    written: Any,
    source: Any = None,
    seed: int = 42,
    transform: Callable[[Rows], Rows] = lambda rows: rows,
) -> dict[str, Rows]:
    return load_splits(source or Numbers(), Splits.model_validate(written), seed, transform)


def ids(rows: Rows) -> list[str]:
    return [row["id"] for row in rows]


def expected(split: str, *positions: int) -> list[str]:
    return [f"{split} {position}" for position in range(*positions)]


# Slices


@pytest.mark.parametrize(
    ("written", "rows"),
    [
        ("train", expected("train", 100)),
        ("train[:3]", expected("train", 3)),
        ("train[98:]", expected("train", 98, 100)),
        ("train[10:12]", expected("train", 10, 12)),
        ("train[:5%]", expected("train", 5)),
        ("train[98%:]", expected("train", 98, 100)),
        ("train[-3:]", expected("train", 97, 100)),
        ("train[:-97]", expected("train", 3)),
        ("train[-2%:]", expected("train", 98, 100)),
        ("train[1_0:1_1]", expected("train", 10, 11)),
        ("validation[:50%]", expected("validation", 10)),
        ("test[:15%]", expected("test", 2)),
        ("train[:101]", expected("train", 100)),
        ("train[:15%](pct1_dropremainder)", expected("train", 15)),
        ("train[:2]+test[8:]", expected("train", 2) + expected("test", 8, 10)),
        ("train[:2]+train[1:3]", expected("train", 2) + expected("train", 1, 3)),
    ],
)
def test_slices_are_those_of_datasets(written: str, rows: list[str]) -> None:
    assert ids(split_rows({"train": written})["train"]) == rows


@given(start=st.none() | st.integers(-120, 120), stop=st.none() | st.integers(-120, 120))
@settings(max_examples=60, deadline=None)
def test_absolute_slices_are_those_of_python(start: int | None, stop: int | None) -> None:
    written = f"train[{'' if start is None else start}:{'' if stop is None else stop}]"
    rows = expected("train", 100)[start:stop]
    if rows:
        assert ids(split_rows({"train": written})["train"]) == rows
    else:
        with pytest.raises(RunError, match="the train split has no rows"):
            split_rows({"train": written})


def test_splits_come_in_their_order_and_only_those_asked_for() -> None:
    source = Numbers()
    rows = split_rows({"test": "test", "train": "train[:5]", "validation": "test[:2]"}, source)
    assert list(rows) == ["train", "validation", "test"]
    assert ids(rows["validation"]) == expected("test", 2)
    assert set(source.loaded) == {"train", "test"}


def test_train_is_the_default() -> None:
    assert {name: len(part) for name, part in split_rows({}).items()} == {"train": 100}


@pytest.mark.parametrize(
    ("written", "slug", "words"),
    [
        ("tain", "unknown-split", 'the source has no split "tain"'),
        ("train+dev", "unknown-split", 'the source has no split "dev"'),
        (
            "test[:15%](pct1_dropremainder)",
            "bad-slice",
            'cannot take the slice "test[:15%](pct1_dropremainder)": ',
        ),
        ("train[:200%]", "bad-slice", '"train[:200%]" is not a slice of a split: '),
        ("train[3:3]", "empty-split", "the train split has no rows"),
        ("train[5:2]", "empty-split", "the train split has no rows"),
    ],
)
def test_slices_that_cannot_be_taken(written: str, slug: str, words: str) -> None:
    with pytest.raises(RunError) as caught:
        split_rows({"train": written})
    assert caught.value.slug == slug
    assert caught.value.at == ("data", "splits", "train")
    assert caught.value.headline.startswith(words)


def test_an_unknown_split_is_suggested() -> None:
    with pytest.raises(RunError) as caught:
        split_rows({"validation": "valid"})
    assert caught.value.at == ("data", "splits", "validation")
    assert caught.value.helps == (
        'did you mean "validation"?',
        'expected one of "train", "validation", "test"',
    )


# Streams


@pytest.mark.parametrize(
    ("written", "rows"),
    [
        ("train", expected("train", 100)),
        ("train[:3]", expected("train", 3)),
        ("train[97:]", expected("train", 97, 100)),
        ("train[10:12]", expected("train", 10, 12)),
    ],
)
def test_slices_of_a_stream(written: str, rows: list[str]) -> None:
    part = split_rows({"train": written}, Numbers(is_streamed=True))["train"]
    assert isinstance(part, datasets.IterableDataset)
    assert ids(part) == rows


@pytest.mark.parametrize("written", ["train[:10%]", "train[-5:]", "train[:-5]", "train+test"])
def test_slices_that_need_the_length_of_a_stream(written: str) -> None:
    with pytest.raises(RunError) as caught:
        split_rows({"train": written}, Numbers(is_streamed=True))
    assert caught.value.slug == "bad-slice"
    assert caught.value.at == ("data", "splits", "train")
    assert "which a stream does not know" in caught.value.headline


def test_nothing_is_held_out_of_a_stream() -> None:
    written = {"validation": {"from": "train", "fraction": 0.1}}
    with pytest.raises(RunError) as caught:
        split_rows(written, Numbers(is_streamed=True))
    assert caught.value.slug == "needs-all-rows"
    assert caught.value.at == ("data", "splits", "validation")


# Parts held out

HELD_OUT = {"train": "train", "validation": {"from": "train", "fraction": 0.2}}


def test_rows_are_on_one_side_in_their_order() -> None:
    rows = split_rows(HELD_OUT)
    kept, held_out = ids(rows["train"]), ids(rows["validation"])
    assert (len(kept), len(held_out)) == (80, 20)
    every = expected("train", 100)
    assert sorted([*kept, *held_out], key=every.index) == every
    assert kept == sorted(kept, key=every.index)
    assert held_out == sorted(held_out, key=every.index)
    assert held_out != every[-20:]


def test_the_draw_is_that_of_the_seed() -> None:
    first, again, other = (ids(split_rows(HELD_OUT, seed=seed)["validation"]) for seed in (1, 1, 2))
    assert first == again != other
    own = {"train": "train", "validation": {"from": "train", "fraction": 0.2, "seed": 1}}
    assert ids(split_rows(own, seed=2)["validation"]) == first


def test_parts_held_out_of_one_split_have_no_row_in_common() -> None:
    written = {**HELD_OUT, "test": {"from": "train", "fraction": 0.25}}
    rows = split_rows(written)
    assert {name: len(part) for name, part in rows.items()} == {
        "train": 60,
        "validation": 20,
        "test": 20,
    }
    assert Counter(row for part in rows.values() for row in ids(part)) == Counter(
        expected("train", 100)
    )


def test_a_part_held_out_of_a_slice_of_another_split() -> None:
    written = {
        "train": "train",
        "validation": "validation",
        "test": {"from": "validation", "fraction": 0.5},
    }
    rows = split_rows(written)
    assert set(ids(rows["validation"])) | set(ids(rows["test"])) == set(expected("validation", 20))
    assert (len(rows["train"]), len(rows["validation"]), len(rows["test"])) == (100, 10, 10)


def test_transforms_come_before_rows_are_held_out() -> None:
    def only_even(rows: Rows) -> Rows:
        return rows.filter(lambda row: int(row["id"].split()[1]) % 2 == 0)

    rows = split_rows(HELD_OUT, transform=only_even)
    assert (len(rows["train"]), len(rows["validation"])) == (40, 10)


@pytest.mark.parametrize(
    ("column", "make", "value"),
    [
        ("label", lambda n: int(n % 10 == 0), lambda row: row["label"]),
        ("label", lambda n: "yes" if n % 10 == 0 else "no", lambda row: row["label"]),
        ("label", lambda n: n % 10 == 0 or None, lambda row: row["label"]),
        (
            "meta.label",
            lambda n: {"label": "অ" if n % 10 == 0 else "আ"},
            lambda row: row["meta"]["label"],
        ),
    ],
)
def test_stratified_parts_have_the_same_shares(
    column: str, make: Callable[[int], Any], value: Callable[[Any], Any]
) -> None:
    source = Numbers(**{column.partition(".")[0]: make})
    written = {
        "train": "train",
        "validation": {"from": "train", "fraction": 0.2, "stratify_by": column},
    }
    rows = split_rows(written, source)
    counts = {name: sorted(Counter(map(value, part)).values()) for name, part in rows.items()}
    assert counts == {"train": [8, 72], "validation": [2, 18]}


def test_stratified_real_labels() -> None:
    labels = [row["label"] for row in tiny.rows_of(tiny.WORDNET / "train.jsonl")[:100]]
    source = Numbers(label=lambda n: labels[n % 100])
    written = {
        "train": "train",
        "validation": {"from": "train", "fraction": 0.4, "stratify_by": "label"},
    }
    held_out = Counter(row["label"] for row in split_rows(written, source)["validation"])
    for label, count in Counter(labels).items():
        assert held_out[label] == pytest.approx(0.4 * count, abs=1)


@pytest.mark.parametrize("column", ["author", "meta.author"])
def test_groups_stay_together(column: str) -> None:
    top = column.partition(".")[0]
    source = Numbers(
        **{top: lambda n: f"author {n % 7}" if top == column else {"author": f"author {n % 7}"}}
    )
    written = {
        "train": "train",
        "validation": {"from": "train", "fraction": 0.3, "group_by": column},
    }
    rows = split_rows(written, source)
    authors = {
        name: {row[top] if top == column else row[top]["author"] for row in part}
        for name, part in rows.items()
    }
    assert authors["train"].isdisjoint(authors["validation"])
    assert authors["train"] | authors["validation"] == {f"author {n}" for n in range(7)}
    assert len(rows["train"]) + len(rows["validation"]) == 100


@pytest.mark.parametrize("key", ["stratify_by", "group_by"])
@pytest.mark.parametrize(
    ("column", "suggestion"), [("lable", "label"), ("meta.labl", "meta.label")]
)
def test_a_column_that_is_not_there(key: str, column: str, suggestion: str) -> None:
    source = Numbers(label=lambda n: n % 2, meta=lambda n: {"label": n % 2})
    written = {"train": "train", "validation": {"from": "train", "fraction": 0.2, key: column}}
    with pytest.raises(RunError) as caught:
        split_rows(written, source)
    assert caught.value.slug == "unknown-column"
    assert caught.value.at == ("data", "splits", "validation", key)
    assert caught.value.helps == (
        f'did you mean "{suggestion}"?',
        'they have "id", "label", "meta.label"',
    )


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"from": "train", "fraction": 0.1}, "out of 1 rows"),
        ({"from": "train", "fraction": 0.001, "stratify_by": "id"}, "a fraction of 0.001"),
    ],
)
def test_too_few_rows_to_hold_any_out(keys: Any, reason: str) -> None:
    with pytest.raises(RunError) as caught:
        split_rows({"train": "train[:1]", "validation": keys})
    assert caught.value.slug == "bad-split"
    assert caught.value.at == ("data", "splits", "validation")
    assert reason in caught.value.headline
    assert caught.value.headline.startswith("cannot hold a fraction of ")


def test_a_class_with_one_row_cannot_be_stratified() -> None:
    source = Numbers(label=lambda n: int(n == 0))
    keys = {"from": "train", "fraction": 0.2, "stratify_by": "label"}
    with pytest.raises(RunError, match="least populated class") as caught:
        split_rows({"train": "train", "validation": keys}, source)
    assert caught.value.helps[0].startswith('only one row has "1" in the column "label"')


@pytest.mark.parametrize(
    ("keys", "help_"),
    [
        ({}, 'change "fraction", or add rows'),
        ({"stratify_by": "label"}, "each split needs a row of each of the 5 classes"),
        ({"group_by": "same"}, 'the column "same" has 1 different values'),
    ],
)
def test_a_split_that_cannot_be_made_says_what_to_write(keys: Any, help_: str) -> None:
    source = Numbers(label=lambda n: n // 20, same=lambda _n: 0)
    written = {"from": "train", "fraction": 0.02 if keys else 0.999, **keys}
    with pytest.raises(RunError) as caught:
        split_rows({"train": "train", "validation": written}, source)
    assert caught.value.helps[0].startswith(help_)


# Columns


def test_columns_are_dotted() -> None:
    features = datasets.Features(
        {
            "id": datasets.Value("int64"),
            "translation": datasets.Translation(languages=["en", "fr"]),
            "a": {"b": {"c": datasets.Value("string")}, "d": datasets.List(datasets.Value("int8"))},
        }
    )
    rows = datasets.Dataset.from_dict({name: [] for name in features}, features=features)
    assert columns_of(rows) == ["id", "translation.en", "translation.fr", "a.b.c", "a.d"]


def test_columns_of_a_stream_are_those_of_its_first_row() -> None:
    stream = datasets.Dataset.from_dict({"x": [1], "y": [2]}).to_iterable_dataset()
    mapped = stream.map(lambda row: {**row, "z": 3})
    assert mapped.features is None
    assert columns_of(mapped) == ["x", "y", "z"]
    error = unknown_column("zz", mapped, ("here",))
    assert error.helps == ('they have "x", "y", "z"',)
