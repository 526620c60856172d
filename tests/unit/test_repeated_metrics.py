"""A metric that repeats another one is shown once."""

from __future__ import annotations

from typing import Any

import pytest

from ftspec.runs.repeated_metrics import is_repeated


@pytest.mark.parametrize(
    ("metrics", "is_shown_once"),
    [
        ({"loss": 0.5, "log_loss": 0.50001}, True),
        ({"loss": {"value": 0.5}, "log_loss": {"value": 0.5, "low": 0.4}}, True),
        ({"loss": 0.6, "log_loss": 0.5}, False),
        ({"log_loss": 0.5}, False),
        ({"loss": None, "log_loss": None}, False),
        ({"loss": float("nan"), "log_loss": float("nan")}, False),
    ],
)
def test_log_loss_that_is_the_loss_is_repeated(
    metrics: dict[str, Any], is_shown_once: bool
) -> None:
    assert is_repeated("log_loss", metrics) == is_shown_once
    assert not is_repeated("loss", metrics)
