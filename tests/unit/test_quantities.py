"""Amounts and durations as people write them."""

from __future__ import annotations

import pytest

from ftspec.quantities import shown_amount, shown_duration


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (999.6, "1.00 kB"),
        (1_000, "1 kB"),
        (1_170_000_000, "1.17 GB"),
        (20_382_444_526, "20.4 GB"),
        (999_600_000, "1.00 GB"),
        (3.5e20, "350000 PB"),
    ],
)
def test_amounts(amount: float, shown: str) -> None:
    assert shown_amount(amount, "B") == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.04, "0.0 s"),
        (2.449, "2.4 s"),
        (12.3, "12 s"),
        (59.7, "1 min"),
        (723, "12 min 3 s"),
        (3_600, "1 h"),
        (7_325, "2 h 2 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_durations(seconds: float, shown: str) -> None:
    assert shown_duration(seconds) == shown
