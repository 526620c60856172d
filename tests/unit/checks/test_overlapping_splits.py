"""Slices that share rows, compared with the rows that datasets takes for them."""

from __future__ import annotations

from itertools import product

import pytest
from datasets import ReadInstruction

from tests.unit.conftest import Examine

SLICES = (
    "train",
    "train[:]",
    "train[:50%]",
    "train[50%:]",
    "train[:-50%]",
    "train[-50%:]",
    "train[10%:20%]",
    "train[20%:10%]",
    "train[-30%:-10%]",
    "train[:100]",
    "train[100:]",
    "train[50:150]",
    "train[1_0:2_0]",
    "train[-100:]",
    "train[-100:-50]",
    "train[-50:-100]",
    "train[10:-10]",
    "train[:-10]",
    "test",
    "test[:10]",
    "test[:10]+train[60%:]",
    "train[:5] + train[-5:]",
)
SIZES = {"few": {"train": 400, "test": 20}, "many": {"train": 4000, "test": 200}}


def rows_of(written: str, sizes: dict[str, int]) -> set[tuple[str, int]]:
    """The rows that datasets takes."""
    return {
        (part.splitname, row)
        for part in ReadInstruction.from_spec(written).to_absolute(sizes)
        for row in range(part.from_, part.to)
    }


def finds(train: str, validation: str, examine: Examine, minimal_spec: str) -> bool:
    text = minimal_spec.replace("train[:90%]", train).replace("train[90%:]", validation)
    return any(one.slug == "overlapping-splits" for one in examine(text).diagnostics)


def test_what_is_found_is_so_and_what_is_always_so_is_found(
    examine: Examine, minimal_spec: str
) -> None:
    found, missed = 0, []
    for train, validation in product(SLICES, repeat=2):
        rows = [(rows_of(train, one), rows_of(validation, one)) for one in SIZES.values()]
        shared = [bool(learned & taken) for learned, taken in rows]
        if finds(train, validation, examine, minimal_spec):
            found += 1
            assert all(shared), (train, validation)
        elif all(shared):
            missed.append((train, validation))
    assert found > 100
    # ends counted from different sides, and percent beside rows: true of these sizes alone
    for train, validation in missed:
        assert "-" in train + validation or ("%" in train) != ("%" in validation)


@pytest.mark.parametrize("train", ["train[0:10]", "train[:10]", "train[:1_0]"])
def test_same_rows_in_other_words_are_the_same_split(
    train: str, examine: Examine, minimal_spec: str
) -> None:
    text = minimal_spec.replace("train[:90%]", train).replace("train[90%:]", "train[:10]")
    (finding,) = examine(text).diagnostics
    assert finding.severity.value == "error"
    assert finding.headline == "the validation split is the training split"
