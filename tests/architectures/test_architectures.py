"""Some architectures are trained, evaluated, saved and predicted with as padded batches teach, or
the run says that it pads or why it does not begin. ``make architectures`` checks all of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.architectures.check import check_pair
from tests.architectures.expectations import QUICK, quick_pairs
from tests.architectures.machine import quiet_machine
from tests.architectures.pairs import Pair, all_pairs
from tests.architectures.table import read_page, render_page
from tests.architectures.verdict import BAD, Measures, Verdict

PAGE = Path(__file__).parents[2] / "docs" / "architectures.md"
MAKE = "run: make architectures"

SAME = Measures(
    at_once=1e-6,
    accumulated=1e-6,
    is_said_to_be_padded=False,
    at_once_padded=1e-6,
    accumulated_padded=0.0,
    evaluation=1e-6,
    next_token=0.0,
    predictions=0.0,
    saved=0.0,
)
PADDED = replace(
    SAME, accumulated=0.1, is_said_to_be_padded=True, at_once_padded=0.0, evaluation=0.1
)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Caches for these runs, and one thread."""
    with quiet_machine(tmp_path_factory.mktemp("machine")):
        yield


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("pair", quick_pairs(), ids=str)
def test_an_architecture_learns_what_padded_batches_teach(pair: Pair, tmp_path: Path) -> None:
    verdict = check_pair(pair, tmp_path / "pair")

    assert verdict.outcome in QUICK[str(pair)], (str(verdict), verdict.says, verdict.measures)


def test_the_quick_form_has_pairs_of_the_sweep() -> None:
    assert len(quick_pairs()) == len(QUICK)


def test_the_page_has_every_pair_of_this_transformers() -> None:
    """A new architecture is in no page yet."""
    known = read_page(PAGE.read_text(encoding="utf-8"))

    assert {str(pair) for pair in all_pairs()} == known.keys(), MAKE


def test_no_pair_of_the_page_deviates_or_fails() -> None:
    verdicts = read_page(PAGE.read_text(encoding="utf-8"))

    assert [name for name, verdict in verdicts.items() if verdict in BAD] == [], MAKE


def test_a_page_is_read_as_it_was_written() -> None:
    pair = all_pairs()[-1]
    verdicts = [
        Verdict(pair=pair, outcome="same", says="a | b", measures=SAME),
        Verdict(pair=replace(pair, variant="other"), outcome="refused", says="why"),
        Verdict(pair=replace(pair, task="summarization"), outcome="deviates", faults=("x",)),
    ]

    assert read_page(render_page(verdicts)) == {
        str(verdict.pair): verdict.outcome for verdict in verdicts
    }


def test_a_run_that_says_it_pads_must_do_what_padded_batches_do() -> None:
    assert PADDED.judge() == ("padded", ())
    assert replace(PADDED, accumulated_padded=1e-3).judge() == ("deviates", ("gradient",))
    assert replace(PADDED, is_said_to_be_padded=False).judge() == (
        "deviates",
        ("gradient", "evaluation"),
    )


@pytest.mark.parametrize("far", [0.1, math.nan])
def test_every_measure_counts(far: float) -> None:
    assert SAME.judge() == ("same", ())
    for name, fault in (
        ("at_once", "gradient"),
        ("accumulated", "gradient"),
        ("evaluation", "evaluation"),
        ("next_token", "next token"),
        ("predictions", "predictions"),
        ("saved", "saved model"),
    ):
        assert replace(SAME, **{name: far}).judge() == ("deviates", (fault,))
