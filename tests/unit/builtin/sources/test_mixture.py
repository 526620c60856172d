"""Parts interleaved by weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import datasets
import pytest

from ftspec.api import RunError
from ftspec.builtin.sources.config import MixtureConfig
from ftspec.builtin.sources.mixture import MixtureSource
from tests.unit.builtin.conftest import MakeContext

Rows = datasets.Dataset | datasets.IterableDataset


class Part:
    """A source of given rows."""

    def __init__(self, name: str, **splits: Rows) -> None:
        self._name = name
        self._splits = splits

    def split_names(self) -> Sequence[str]:
        return list(self._splits)

    def load(self, split: str) -> Rows:
        return self._splits[split]

    def identity(self) -> Mapping[str, Any]:
        return {"name": self._name}


def numbered(name: str, count: int) -> datasets.Dataset:
    return datasets.Dataset.from_dict({"of": [name] * count, "n": list(range(count))})


@pytest.fixture
def mixture(context: MakeContext) -> Any:
    def make(
        *parts: Part, weights: Sequence[float] = (), seed: int = 42, **keys: Any
    ) -> MixtureSource:
        weights = weights or [1.0] * len(parts)
        sources = [{"source": "json", "weight": weight} for weight in weights]
        children = {("sources", index, "source"): part for index, part in enumerate(parts)}
        return MixtureSource(
            MixtureConfig.model_validate({"sources": sources, **keys}),
            context("data", "source", seed=seed, children=children),
        )

    return make


def test_rows_come_in_proportion_to_their_weights(mixture: Any) -> None:
    parts = Part("a", train=numbered("a", 4000)), Part("b", train=numbered("b", 4000))
    rows = mixture(*parts, weights=[3, 1]).load("train")
    share = rows["of"][:].count("a") / len(rows)
    assert share == pytest.approx(0.75, abs=0.02)
    # each part's own rows in their order, none twice
    for name in ("a", "b"):
        drawn = [row["n"] for row in rows if row["of"] == name]
        assert drawn == list(range(len(drawn)))


def test_it_is_the_same_each_time_and_another_with_another_seed(mixture: Any) -> None:
    parts = Part("a", train=numbered("a", 50)), Part("b", train=numbered("b", 50))
    first, again, other = (mixture(*parts, seed=seed).load("train")[:] for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_stopping(mixture: Any) -> None:
    parts = Part("a", train=numbered("a", 40)), Part("b", train=numbered("b", 5))
    first = mixture(*parts).load("train")
    assert first["of"][:].count("a") < 40
    every = mixture(*parts, stopping="all-exhausted").load("train")
    assert {row["n"] for row in every if row["of"] == "a"} == set(range(40))
    assert every["of"][:].count("b") > 5


def test_its_splits_are_those_of_every_part(mixture: Any) -> None:
    rows = numbered("a", 2)
    parts = Part("a", test=rows, train=rows, extra=rows), Part("b", train=rows, test=rows)
    assert mixture(*parts).split_names() == ["test", "train"]


def test_identity_is_that_of_every_part(mixture: Any) -> None:
    parts = Part("a", train=numbered("a", 1)), Part("b", train=numbered("b", 1))
    assert mixture(*parts).identity() == {"sources": [{"name": "a"}, {"name": "b"}]}


@pytest.mark.parametrize("streamed", [(True, True), (True, False), (False, True)])
def test_a_streamed_part_makes_a_stream(mixture: Any, streamed: tuple[bool, bool]) -> None:
    parts = [
        Part(name, train=rows.to_iterable_dataset() if is_streamed else rows)
        for name, is_streamed in zip("ab", streamed, strict=True)
        for rows in [numbered(name, 20)]
    ]
    rows = mixture(*parts).load("train")
    assert isinstance(rows, datasets.IterableDataset)
    assert {row["of"] for row in rows} == {"a", "b"}
    assert list(rows) == list(mixture(*parts).load("train"))


@pytest.mark.parametrize("is_streamed", [False, True])
@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [
        ({"x": [1]}, {"x": ["a"]}, "\"x\" (Value('int64')) and \"x\" (Value('string'))"),
        ({"x": [1]}, {"y": [1]}, "\"x\" (Value('int64')) and \"y\" (Value('int64'))"),
        ({"x": [1], "y": [1]}, {"x": [1]}, "\"x\" (Value('int64')), \"y\" (Value('int64')) and"),
    ],
)
def test_unlike_columns(mixture: Any, one: Any, other: Any, shown: str, is_streamed: bool) -> None:
    rows = [datasets.Dataset.from_dict(columns) for columns in (one, other)]
    if is_streamed:
        rows = [part.to_iterable_dataset() for part in rows]
    parts = [Part("a", train=rows[0]), Part("b", train=rows[1])]
    with pytest.raises(RunError) as caught:
        mixture(*parts).load("train")
    assert caught.value.slug == "unlike-columns"
    assert caught.value.at == ("data", "source")
    assert shown in caught.value.headline


def test_labels_of_other_names_are_unlike(mixture: Any) -> None:
    parts = [
        Part(
            names[0],
            train=datasets.Dataset.from_dict(
                {"label": [0, 1]},
                features=datasets.Features({"label": datasets.ClassLabel(names=names)}),
            ),
        )
        for names in (["neg", "pos"], ["pos", "neg"])
    ]
    with pytest.raises(RunError, match="have different columns"):
        mixture(*parts).load("train")
